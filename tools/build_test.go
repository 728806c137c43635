package main

import (
	"errors"
	"testing"
)

// TestMachineProblem names the file that cannot be read, where it is one of the site.
func TestMachineProblem(t *testing.T) {
	for _, c := range []struct{ err, file, rule string }{
		{"open /site/static/x.txt: permission denied", "static/x.txt", "source"},
		{`reading content: walk: open: path: "posts": open /site/content/posts: permission denied`, "content/posts", "source"},
		{"open /site/.duskpress/x: permission denied", "", "machine"},
		{"open /elsewhere/x: permission denied", "", "machine"},
		{"write /site/x: no space left on device", "", "machine"},
	} {
		p := machineProblem("/site", errors.New(c.err))
		if p.File != c.file || p.Rule != c.rule || p.Message == "" {
			t.Errorf("%s: %+v", c.err, p)
		}
	}
}
