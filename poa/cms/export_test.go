// SPDX-License-Identifier: Apache-2.0

package cms

// ContentOf returns the content that a file carries, unverified.
func ContentOf(file []byte) ([]byte, error) {
	sd, err := open(file, DefaultLimits())
	if err != nil {
		return nil, err
	}
	return sd.content, nil
}

// ToDER is toDER.
func ToDER(in []byte, limits Limits) ([]byte, error) { return toDER(in, limits) }

// Normalized returns the file as DER.
func Normalized(file []byte) ([]byte, error) {
	der, err := unwrap(file)
	if err != nil {
		return nil, err
	}
	return toDER(der, DefaultLimits())
}

// NamedByKeyID tells whether the file names its signer by key identifier.
func NamedByKeyID(file []byte) bool {
	sd, err := open(file, DefaultLimits())
	return err == nil && sd.signer.issuer == nil
}
