package auth

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
)

// params are the costs of an argon2id hash.
type params struct {
	memoryKiB, passes uint32
	lanes             uint8
}

// costs are what OWASP's Password Storage Cheat Sheet names first for argon2id: about
// 20 ms and 19 MiB.
var costs = params{memoryKiB: 19 * 1024, passes: 2, lanes: 1}

// Bounds of what a stored hash may ask for: somebody else may have made it.
const (
	maxMemoryKiB = 1 << 20
	maxPasses    = 64
	maxPassword  = 1024 // bytes
	saltBytes    = 16
	sumBytes     = 32
)

var errHash = errors.New("not an argon2id hash as $argon2id$v=19$m=…,t=…,p=…$salt$hash")

// CheckPassword says what is wrong with a new password.
func CheckPassword(password string) error {
	switch {
	case password == "":
		return errors.New("a password must not be empty")
	case len(password) > maxPassword:
		return fmt.Errorf("a password has at most %d bytes", maxPassword)
	case !utf8.ValidString(password) || strings.ContainsAny(password, "\x00\r\n"):
		return errors.New("a password is text of one line")
	}
	return nil
}

// Hash is the argon2id hash of a password in PHC form, with a salt of its own.
func Hash(password string) string {
	salt := make([]byte, saltBytes)
	_, _ = rand.Read(salt) // never fails since Go 1.24
	p := costs
	sum := argon2.IDKey([]byte(password), salt, p.passes, p.memoryKiB, p.lanes, sumBytes)
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, p.memoryKiB, p.passes, p.lanes,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(sum))
}

// IsHash reports whether a text is a hash that Verify can compare with.
func IsHash(text string) bool {
	_, _, _, err := parseHash(text)
	return err == nil
}

// Verify reports whether a hash is that of the password.
func Verify(hash, password string) bool {
	p, salt, sum, err := parseHash(hash)
	if err != nil || len(password) > maxPassword {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, p.passes, p.memoryKiB, p.lanes, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1
}

func parseHash(text string) (p params, salt, sum []byte, err error) {
	parts := strings.Split(text, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" || parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return p, nil, nil, errHash
	}
	n, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &p.memoryKiB, &p.passes, &p.lanes)
	if err != nil || n != 3 || parts[3] != fmt.Sprintf("m=%d,t=%d,p=%d", p.memoryKiB, p.passes, p.lanes) {
		return p, nil, nil, errHash
	}
	if p.lanes == 0 || p.passes == 0 || p.passes > maxPasses || p.memoryKiB < 8*uint32(p.lanes) || p.memoryKiB > maxMemoryKiB {
		return p, nil, nil, errHash
	}
	salt, err = base64.RawStdEncoding.Strict().DecodeString(parts[4])
	if err != nil || len(salt) < 8 || len(salt) > 64 {
		return p, nil, nil, errHash
	}
	sum, err = base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if err != nil || len(sum) < 16 || len(sum) > 64 {
		return p, nil, nil, errHash
	}
	return p, salt, sum, nil
}
