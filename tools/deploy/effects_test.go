package deploy

import (
	"testing"

	"duskpress/tools/headers"
)

func TestHeaderValues(t *testing.T) {
	for _, c := range []struct {
		name, rules string
		have        []string
		met         bool
	}{
		{"X-Frame-Options", "/*\n X-Frame-Options: DENY\n", []string{"DENY"}, true},
		{"X-Frame-Options", "/*\n X-Frame-Options: DENY\n", []string{"SAMEORIGIN"}, false},
		{"X-Frame-Options", "/*\n X-Frame-Options: DENY\n", []string{"DENYING"}, false},
		{"Content-Security-Policy", "/*\n Content-Security-Policy: default-src 'none'; img-src 'self'\n", []string{"default-src  'none'; img-src 'self'"}, true},
		{"Content-Security-Policy", "/*\n Content-Security-Policy: default-src 'none'\n", []string{"default-src 'none'; script-src 'unsafe-inline'"}, false},
		{"Content-Security-Policy", "/*\n Content-Security-Policy: default-src 'none'\n", []string{"default-src 'none'", "upgrade-insecure-requests"}, true},
		{"Vary", "/*\n Vary: Accept, Cookie\n", []string{"Accept", "Accept-Encoding", "Cookie"}, true},
		{"Vary", "/*\n Vary: Accept, Cookie\n", []string{"Accept-Encoding, Accept"}, false},
		{"Content-Type", "/*\n Content-Type: application/rss+xml\n", []string{"application/rss+xml; charset=UTF-8"}, true},
		{"Content-Type", "/*\n Content-Type: text/html; charset=utf-8\n", []string{"text/html; charset=UTF-8"}, true},
		{"Content-Type", "/*\n Content-Type: application/rss+xml\n", []string{"application/rss+xmlish"}, false},
		// Two rules for one header: hosts send the last, the first, or both.
		{"Cache-Control", "/*\n Cache-Control: no-cache\n/a\n Cache-Control: max-age=60\n", []string{"max-age=60"}, true},
		{"Cache-Control", "/*\n Cache-Control: no-cache\n/a\n Cache-Control: max-age=60\n", []string{"no-cache"}, true},
		{"Cache-Control", "/*\n Cache-Control: no-cache\n/b\n Cache-Control: max-age=60\n", []string{"max-age=60"}, false},
	} {
		rules, faults := headers.Parse([]byte(c.rules))
		list := headersFor(rules, "/a")
		if len(faults) > 0 || len(list) != 1 || list[0].name != c.name {
			t.Fatalf("%q: %v %+v", c.rules, faults, list)
		}
		if got := list[0].met(c.have); got != c.met {
			t.Errorf("%q, answered %q: %v", c.rules, c.have, got)
		}
	}
	rules, _ := headers.Parse([]byte("/*\n Basic-Auth: somebody:secret\n"))
	if list := headersFor(rules, "/a"); len(list) > 0 {
		t.Errorf("%+v", list)
	}
}
