// SPDX-License-Identifier: Apache-2.0

package portal

import (
	"net/http"
	"strings"

	"golang.org/x/text/language"
)

// policy is the strictest content security policy that htmx works under.
const policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// permissions are the devices and powers of a browser that pages may use: the
// clipboard for copy buttons, passkeys, and nothing else.
const permissions = "accelerometer=(), autoplay=(), camera=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), gyroscope=(), hid=(), idle-detection=(), " +
	"local-fonts=(), magnetometer=(), microphone=(), midi=(), payment=(), picture-in-picture=(), screen-wake-lock=(), serial=(), usb=(), xr-spatial-tracking=(), " +
	"clipboard-read=(), clipboard-write=(self), publickey-credentials-create=(self), publickey-credentials-get=(self)"

func setHeaders(h http.Header) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Permissions-Policy", permissions)
	h.Set("Cache-Control", "private, no-cache")
}

var languages = language.NewMatcher([]language.Tag{language.Japanese, language.English})

// chooseLanguage takes ?lang first and remembers it, then the cookie, then
// Accept-Language; else Japanese.
func chooseLanguage(w http.ResponseWriter, r *http.Request) string {
	if asked := r.URL.Query().Get("lang"); asked == "ja" || asked == "en" {
		remember(w, r, "lang", asked)
		return asked
	}
	if kept, err := r.Cookie("lang"); err == nil && (kept.Value == "ja" || kept.Value == "en") {
		return kept.Value
	}
	accepted, _ := language.MatchStrings(languages, r.Header.Get("Accept-Language"))
	if strings.HasPrefix(accepted.String(), "en") {
		return "en"
	}
	return "ja"
}
