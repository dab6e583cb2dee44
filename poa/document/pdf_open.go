// SPDX-License-Identifier: Apache-2.0

package document

// Open finds the signature.
func (PDF) Open(_, _ []byte) (Signature, error) { return Signature{}, fault(Malformed, "PDF") }

// Sign appends a signature.
func (PDF) Sign(_ []byte, _ Signer) ([]byte, error) { return nil, fault(Malformed, "PDF") }
