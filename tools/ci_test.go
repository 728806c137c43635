package main

import (
	"path/filepath"
	"testing"
)

func TestNetlifyCache(t *testing.T) {
	home := t.TempDir()
	for _, c := range []struct{ netlify, gopath, gocache, want string }{
		{"", "/kept/gopath", "/kept/gocache", ""},
		{"true", "/kept/gopath", "/kept/gocache", "/kept/gopath/duskpress"},
		{"true", "/kept/gopath:/other", "", "/kept/gopath/duskpress"},
		{"true", "", "/kept/gocache", "/kept/gocache/duskpress"},
		{"true", "", "off", filepath.Join(home, "duskpress")},
		{"true", "", "", filepath.Join(home, "duskpress")},
	} {
		t.Setenv("NETLIFY", c.netlify)
		t.Setenv("GOPATH", c.gopath)
		t.Setenv("GOCACHE", c.gocache)
		t.Setenv("XDG_CACHE_HOME", home)
		if got := netlifyCache(); filepath.ToSlash(got) != c.want {
			t.Errorf("%+v: %q", c, got)
		}
	}
}
