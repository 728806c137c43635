package csp

import (
	"fmt"
	"net/url"
	"regexp"
	"strings"
)

// Self is the source that means the site's own origin.
const Self = "'self'"

// Clean is an address as a browser reads it: without line ends and tabs, and
// without white space and control characters around it.
func Clean(s string) string {
	s = strings.TrimFunc(s, func(r rune) bool { return r <= ' ' })
	if !strings.ContainsAny(s, "\n\r\t") {
		return s
	}
	return strings.NewReplacer("\n", "", "\r", "", "\t", "").Replace(s)
}

func script(value []byte) bool {
	if len(value) < len("javascript:") {
		return false
	}
	return strings.HasPrefix(strings.ToLower(Clean(string(value))), "javascript:")
}

var scheme = regexp.MustCompile(`^([A-Za-z][A-Za-z0-9+.-]*):`)

// Source is what a policy has to name so that an address may be used: Self for
// one without a host, an origin such as https://example.org or //example.org, a
// scheme such as data:, and nothing where nothing is fetched.
func Source(address string) string {
	s := Clean(address)
	s = strings.ReplaceAll(s, `\`, "/")
	if s == "" || strings.HasPrefix(s, "#") {
		return ""
	}
	if host, ok := strings.CutPrefix(s, "//"); ok {
		return "//" + authority(host)
	}
	m := scheme.FindStringSubmatch(s)
	if m == nil {
		return Self
	}
	name := strings.ToLower(m[1])
	rest := s[len(m[0]):]
	switch name {
	case "http", "https", "ws", "wss":
		if !strings.HasPrefix(rest, "//") {
			return Self // such as https:page, relative where the page is https
		}
		return name + "://" + authority(strings.TrimLeft(rest, "/"))
	case "about", "javascript":
		return ""
	}
	return name + ":"
}

// authority is the host and port of an address.
func authority(s string) string {
	if i := strings.IndexAny(s, "/?#"); i >= 0 {
		s = s[:i]
	}
	if i := strings.LastIndexByte(s, '@'); i >= 0 {
		s = s[i+1:]
	}
	return strings.ToLower(s)
}

// Origin is the origin of an address with a host, as Source writes it.
func Origin(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.ToLower(u.Scheme + "://" + u.Host)
}

// Candidates are the addresses of a srcset.
func Candidates(srcset string) []string {
	var list []string
	for rest := srcset; ; {
		rest = strings.TrimLeft(rest, " \t\n\f\r,")
		if rest == "" {
			return list
		}
		end := strings.IndexAny(rest, " \t\n\f\r")
		if end < 0 {
			end = len(rest)
		}
		address := rest[:end]
		rest = rest[end:]
		// A comma at the end of the address ends the candidate.
		if cut := strings.TrimRight(address, ","); cut != address {
			address = cut
		} else if i := strings.IndexByte(rest, ','); i >= 0 {
			rest = rest[i+1:]
		} else {
			rest = ""
		}
		list = append(list, address)
	}
}

var (
	hostSource   = regexp.MustCompile(`^(https|wss)://(\*\.)?[a-z0-9]([a-z0-9.-]*[a-z0-9])?(:(\d{1,5}|\*))?(/[^\s;,'"]*)?$`)
	schemeSource = regexp.MustCompile(`^(data|blob|mailto):$`)
	localSource  = regexp.MustCompile(`^http://(localhost|127\.0\.0\.1|\[::1\])(:(\d{1,5}|\*))?(/[^\s;,'"]*)?$`)
	hashSource   = regexp.MustCompile(`^'sha(256|384|512)-[A-Za-z0-9+/_-]+=*'$`)
)

// CheckSource says what is wrong with a source that an owner wants to allow, or
// nothing.
func CheckSource(source string) error {
	switch {
	case hostSource.MatchString(source), schemeSource.MatchString(source), localSource.MatchString(source), hashSource.MatchString(source), source == Self:
		return nil
	case strings.Contains(source, "unsafe-"):
		return fmt.Errorf("%s is not allowed: it would let any text that gets into a page run; move the script or style into a file", source)
	case source == "*" || source == "https:" || source == "http:":
		return fmt.Errorf("%s would allow every host: name those that the site needs, such as https://example.org", source)
	case strings.HasPrefix(source, "http://"):
		return fmt.Errorf("%s is not encrypted: write https://", source)
	case strings.ContainsAny(source, " ;,\t\n"):
		return fmt.Errorf("%q is more than one source: write each by itself", source)
	case source != "" && !strings.ContainsAny(source, "/:'"):
		return fmt.Errorf("%q has no scheme: write https://%s", source, source)
	}
	return fmt.Errorf("%q is no source: write an origin such as https://example.org", source)
}

// Allows reports whether a source that an owner allowed is enough for what
// needs another, at an address if there is one.
func Allows(allowed, needed, address string) bool {
	if allowed == needed {
		return true
	}
	anyPort := strings.Contains(allowed, ":*")
	a, err := url.Parse(strings.Replace(allowed, ":*", "", 1))
	if err != nil || a.Host == "" {
		return false
	}
	n, err := url.Parse(needed)
	if err != nil || n.Host == "" {
		return false
	}
	if n.Scheme != "" && n.Scheme != a.Scheme && !(a.Scheme == "http" && n.Scheme == "https") {
		return false
	}
	if !anyPort && port(a) != port(n) {
		return false
	}
	if rest, ok := strings.CutPrefix(a.Hostname(), "*."); ok {
		if !strings.HasSuffix(n.Hostname(), "."+rest) {
			return false
		}
	} else if a.Hostname() != n.Hostname() {
		return false
	}
	if a.Path == "" || a.Path == "/" {
		return true
	}
	full, err := url.Parse(Clean(address))
	if err != nil {
		return false
	}
	if strings.HasSuffix(a.Path, "/") {
		return strings.HasPrefix(full.Path, a.Path)
	}
	return full.Path == a.Path
}

func port(u *url.URL) string {
	if p := u.Port(); p != "" {
		return p
	}
	switch u.Scheme {
	case "http", "ws":
		return "80"
	}
	return "443"
}
