package wholedeploy

import (
	"strings"
	"testing"
)

func TestDeploy(t *testing.T) {
	t.Parallel()
	w := newWorld(t, small())
	r := w.deploy()
	w.verified(r)
	id := w.isLive()
	for _, want := range []string{"production changed", id, w.fake.LiveURL(), "exit=0"} {
		if !strings.Contains(r.last(), want) {
			t.Errorf("the last line has no %q: %s", want, r.last())
		}
	}
	// The feed was live: the host has it.
	if n := len(w.fake.Uploads); n != 9 || len(w.fake.Repeated) > 0 {
		t.Errorf("%d uploads, repeated %v", n, w.fake.Repeated)
	}
	// Once more: nothing is sent.
	w.fake.Reset()
	r = w.deploy()
	w.verified(r)
	if !strings.Contains(r.last(), "live already") || !strings.Contains(r.last(), "production is unchanged") {
		t.Errorf("the second run: %s", r.last())
	}
	for _, op := range []string{"create", "manifest", "upload", "restore"} {
		if n := w.fake.Count(op); n > 0 {
			t.Errorf("the second run made %d calls of %s", n, op)
		}
	}
}
