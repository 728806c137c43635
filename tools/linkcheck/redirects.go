package linkcheck

import (
	"net/url"
	"strings"

	"duskpress/tools/headers"
)

// redirected is where a redirection of the site leads a path, which begins with
// /, and with which status. Conditions are taken to hold: a reader for whom they
// do is led on. A page that only says that nothing is there is no answer.
func (s *Site) redirected(p, query string, forced bool) (to string, status int, ok bool) {
	if len(s.redirects) == 0 {
		return "", 0, false
	}
	values, _ := url.ParseQuery(query)
	for _, r := range s.redirects {
		if forced && !r.Force || r.Status >= 400 {
			continue
		}
		r.Conditions = nil
		if to, ok := r.Match(p, values); ok {
			return to, r.Status, true
		}
	}
	return "", 0, false
}

// An End is where following redirections comes to.
type End struct {
	Target
	Hops []string // the addresses on the way, the first one not
	Loop bool
}

// maxHops is how many redirections a browser follows, about.
const maxHops = 20

// Follow follows the redirections of the site from an address, which stands in
// a file of it.
func (s *Site) Follow(from, address string) End {
	var end End
	seen := make(map[string]bool)
	for {
		end.Target = s.Resolve(from, "", address)
		if end.Kind != Here && end.Kind != Moved {
			return end
		}
		p := "/" + end.Path
		_, query, _ := strings.Cut(address, "?")
		query, _, _ = strings.Cut(query, "#")
		// A slash at the end does not count: a rule for /a is one for /a/ too.
		key := strings.TrimSuffix(p, "/") + "?" + query
		if seen[key] || len(end.Hops) > maxHops {
			end.Loop = true
			return end
		}
		seen[key] = true
		next, status, ok := s.redirected(p, query, end.Kind == Here)
		if ok && status == 200 {
			return end // the host answers, with another file
		}
		if !ok && end.Kind == Here {
			next, ok = s.refresh[end.File]
			from = end.File
		}
		if !ok {
			return end
		}
		end.Hops = append(end.Hops, next)
		address = next
	}
}

// Plain reports whether a redirection is for one path and leads to one place,
// so that it can be followed without a request.
func Plain(r headers.Redirect) bool {
	return strings.HasPrefix(r.From, "/") && !strings.Contains(r.From, "*") && !strings.Contains(r.From, "/:") && !strings.Contains(r.To, "/:")
}
