package deploy

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"duskpress/tools/headers"
)

// tried is how many effects of each of the two files of rules are looked at.
const tried = 25

// headerChecks look for the headers that _headers gives to some of the files: a
// header that is missing or has another value is a difference.
func (r *run) headerChecks(at string, names []string, rules []headers.Rule, redirects []headers.Redirect) []check {
	if len(rules) == 0 {
		return nil
	}
	var list []check
	seen := make(map[string]bool)
	for _, name := range slices.Concat([]string{"index.html"}, names) { // the home page first: it is known to all
		if name == "404.html" || len(list) == tried {
			continue
		}
		p := readerPath(name)
		plain, _ := url.PathUnescape(p)
		want := headersFor(rules, plain)
		key := fmt.Sprint(want)
		if len(want) == 0 || seen[key] || forced(redirects, plain) {
			continue // one path for each set of headers
		}
		seen[key] = true
		list = append(list, check{name: headers.File + " " + p, size: -1, probe: headerProbe(want, p), do: func(ctx context.Context) (miss, error) {
			a, err := r.fetch(ctx, Request{At: at, File: name, Path: p})
			if err != nil || a.Header == nil || a.Status >= 300 {
				return miss{}, err // the check of the file itself says what is wrong
			}
			var wrong []string
			for _, w := range want {
				switch have := a.Header.Values(w.name); {
				case len(have) == 0:
					wrong = append(wrong, fmt.Sprintf("%s has no %s, which %s gives it as %q", p, w.name, headers.File, w.values[0]))
				case !w.met(have):
					wrong = append(wrong, fmt.Sprintf("%s has %s %q, %s gives it %q", p, w.name, strings.Join(have, ", "), headers.File, w.values[0]))
				case !slices.Contains(w.values, strings.Join(have, ", ")):
					r.noteOnce(fmt.Sprintf("the host adds to the header %s: %s has %q", w.name, p, strings.Join(have, ", ")))
				}
			}
			if len(wrong) == 0 {
				r.effects.Add(1)
			}
			return miss{what: strings.Join(wrong, "; ")}, nil
		}})
	}
	return list
}

func headerProbe(want []wanted, p string) string {
	s := ""
	for _, w := range want {
		if len(w.values) == 1 { // else any of them would do
			s += "# @expect header " + w.name + " contains " + w.values[0] + "\n"
		} else {
			s += "# @expect header " + w.name + " exists\n"
		}
	}
	return s + "GET {{base}}" + p + "\nAccept-Encoding: identity\n"
}

// A wanted header has one of these values, the most likely first.
type wanted struct {
	name   string
	values []string
}

// headersFor is what the rules give a path, by name. Where several rules that
// match set one header, hosts differ in which of them they send, or send all.
func headersFor(rules []headers.Rule, path string) []wanted {
	var list []wanted
	for name, value := range headers.Apply(rules, path) {
		if strings.EqualFold(name, "Basic-Auth") {
			continue // a password for Netlify, and no header
		}
		w := wanted{name, []string{value[0]}}
		for _, rule := range rules {
			if !rule.Match(path) {
				continue
			}
			for _, f := range rule.Fields {
				if strings.EqualFold(f.Name, name) && !slices.Contains(w.values, f.Value) {
					w.values = append(w.values, f.Value)
				}
			}
		}
		list = append(list, w)
	}
	slices.SortFunc(list, func(a, b wanted) int { return strings.Compare(a.name, b.name) })
	return list
}

// met reports whether the values of an answer hold one of those that are wanted
// whole. What a host adds to it is an element of a list more, or a parameter of
// a type of content.
func (w wanted) met(have []string) bool {
	got := elements(strings.Join(have, ","))
	kind := strings.EqualFold(w.name, "Content-Type")
	for _, value := range w.values {
		want := elements(value)
		if !slices.ContainsFunc(want, func(e string) bool { return !slices.Contains(got, e) }) {
			return true
		}
		if kind && (strings.EqualFold(got[0], want[0]) || strings.HasPrefix(strings.ToLower(got[0]), strings.ToLower(want[0])+";")) {
			return true
		}
	}
	return false
}

// elements are the elements of a header's value, without what spaces can differ in.
func elements(value string) []string {
	var list []string
	for e := range strings.SplitSeq(value, ",") {
		list = append(list, strings.Join(strings.Fields(e), " "))
	}
	return list
}

// redirectChecks follow rules that need nothing but a path.
func (r *run) redirectChecks(at string, redirects []headers.Redirect) []check {
	var list []check
	for i, rule := range redirects {
		if len(list) == tried {
			break
		}
		if rule.Status < 301 || rule.Status > 308 || strings.ContainsAny(rule.From, "*:") || strings.Contains(rule.To, ":splat") || len(rule.Query)+len(rule.Conditions) > 0 {
			continue
		}
		plain, err := url.PathUnescape(rule.From)
		if err != nil || slices.ContainsFunc(redirects[:i], func(o headers.Redirect) bool { _, ok := o.Match(plain, nil); return ok || len(o.Conditions) > 0 }) {
			continue // an earlier rule is asked first
		}
		if _, ok := r.manifest.Files[strings.Trim(plain, "/")]; ok && !rule.Force {
			continue
		}
		if _, ok := r.manifest.Files[strings.TrimPrefix(strings.Trim(plain, "/")+"/index.html", "/")]; ok && !rule.Force {
			continue
		}
		u := url.URL{Path: plain}
		p := u.EscapedPath()
		probe := fmt.Sprintf("# @no-redirect\n# @expect status %d\n# @expect header location contains %s\nGET {{base}}%s\n", rule.Status, strings.TrimSuffix(rule.To, "/"), p)
		if rule.To == "/" {
			probe = strings.Replace(probe, "contains ", "contains /", 1)
		}
		list = append(list, check{name: headers.RedirectsFile + " " + p, size: -1, probe: probe, do: func(ctx context.Context) (miss, error) {
			a, err := r.fetch(ctx, Request{At: at, Path: p})
			if err != nil || a.Header == nil {
				return miss{}, err
			}
			if a.Status != rule.Status || !sameAddress(a, rule.To) {
				return miss{what: fmt.Sprintf("%s answers %d to %q, not %d to %q as %s says", p, a.Status, a.Header.Get("Location"), rule.Status, rule.To, headers.RedirectsFile)}, nil
			}
			r.effects.Add(1)
			return miss{}, nil
		}})
	}
	return list
}

func sameAddress(a *Answer, want string) bool {
	from, err := url.Parse(a.URL)
	if err != nil {
		return false
	}
	have, err := from.Parse(a.Header.Get("Location"))
	if err != nil {
		return false
	}
	to, err := from.Parse(want)
	return err == nil && have.Host == to.Host && strings.TrimSuffix(have.EscapedPath(), "/") == strings.TrimSuffix(to.EscapedPath(), "/")
}
