// SPDX-License-Identifier: Apache-2.0

package portal

// recipientRoutes are the pages of what a party, above all a recipient, manages
// itself.
func recipientRoutes() []route {
	return []route{
		{"GET /tokens/{id}/rotate", tokenMakers, (*portal).showRotateToken},
		{"POST /tokens/{id}/rotate", tokenMakers, (*portal).rotateToken},
		{"GET /endpoints/{id}/rotate", developers, (*portal).showRotateSecret},
		{"GET /endpoints/{id}/deliveries/{delivery}", parties, (*portal).showDelivery},
		{"POST /endpoints/{id}/deliveries/{delivery}", developers, (*portal).resendDelivery},
		{"GET /notices", parties, (*portal).showNotices},
		{"GET /watches.csv", recipients, (*portal).exportWatches},
		{"POST /watches/setting", recipients, (*portal).setWatchAsked},
		{"GET /inquiries", recipients, (*portal).listInquiries},
		{"GET /inquiries.csv", recipients, (*portal).exportInquiries},
		{"GET /inquiries/{id}", recipients, (*portal).showInquiry},
		{"GET /inquiries/{id}/receipt", recipients, (*portal).downloadReceiptAgain},
		{"GET /inquiries/{id}/proof", recipients, (*portal).downloadProof},
		{"GET /addresses", parties, (*portal).listAddresses},
		{"POST /addresses", parties, (*portal).addAddress},
		{"GET /addresses/{id}", parties, (*portal).showAddress},
		{"POST /addresses/{id}", parties, (*portal).updateAddress},
		{"POST /addresses/{id}/ask", parties, (*portal).askAddress},
		{"GET /addresses/{id}/remove", parties, (*portal).showRemoveAddress},
		{"POST /addresses/{id}/remove", parties, (*portal).removeAddress},
		{"POST /l/{token}/confirm", anyone, (*portal).confirmAddress},
		{"GET /confirmed", anyone, (*portal).showConfirmed},
		{"GET /unsubscribe/{token}", anyone, (*portal).showUnsubscribe},
		{"POST /unsubscribe/{token}", anyone, (*portal).unsubscribe},
		{"GET /closing", parties, (*portal).showClosing},
		{"POST /closing", parties, (*portal).closeAccount},
		{"GET /closing/export", parties, (*portal).exportAccount},
		{"GET /closed", anyone, (*portal).showClosed},
		{"GET /erased/{token}", anyone, (*portal).showErased},
		{"POST /erased/{token}", anyone, (*portal).confirmErased},
		{"GET /staff/contracts/{id}", staff, (*portal).showContract},
		{"POST /staff/contracts/{id}", staff, (*portal).endContract},
	}
}
