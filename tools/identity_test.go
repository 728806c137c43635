package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"
	"testing/fstest"

	"duskpress/tools/internal/sitetest"
)

// TestIdentityHoldsAllSources asks Go for every file of this module that is
// compiled into the tool: an edit of one that is not embedded would meet results
// of before.
func TestIdentityHoldsAllSources(t *testing.T) {
	root := sitetest.Root(t)
	cmd := exec.Command("go", "list", "-deps", "-json=Dir,Module,GoFiles,CgoFiles,SFiles,EmbedFiles,OtherFiles", "./tools")
	cmd.Dir = root
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); d.More(); {
		var p struct {
			Dir                                               string
			Module                                            *struct{ Main bool }
			GoFiles, CgoFiles, SFiles, EmbedFiles, OtherFiles []string
		}
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if p.Module == nil || !p.Module.Main {
			continue
		}
		for _, name := range append(append(append(append(p.GoFiles, p.CgoFiles...), p.SFiles...), p.EmbedFiles...), p.OtherFiles...) {
			rel, err := filepath.Rel(filepath.Join(root, "tools"), filepath.Join(p.Dir, name))
			if err != nil {
				t.Fatal(err)
			}
			// What init starts a site with is in no build: a site has its own.
			if name := filepath.ToSlash(rel); strings.HasPrefix(name, "../theme/") || strings.HasPrefix(name, "../layouts/") || strings.HasPrefix(name, "starter/site/") || strings.HasPrefix(name, "probes/") && !strings.HasSuffix(name, ".go") {
				continue
			}
			if _, err := fs.Stat(sources, filepath.ToSlash(rel)); err != nil {
				t.Errorf("%s is part of the tool and not of its identity: name it in identity.go", rel)
			}
			seen++
		}
	}
	if seen < 100 {
		t.Errorf("%d files", seen)
	}
}

func TestIdentity(t *testing.T) {
	hash := func(files fs.FS, info debug.BuildInfo) string {
		var b strings.Builder
		id, ok := describe(&b, &info)
		if !ok {
			return ""
		}
		if err := hashSources(&b, files); err != nil {
			t.Fatal(err)
		}
		return id + b.String()
	}
	info := func(change func(*debug.BuildInfo)) debug.BuildInfo {
		b := debug.BuildInfo{
			GoVersion: "go1.26.0", Main: debug.Module{Path: "duskpress", Version: "(devel)"},
			Deps: []*debug.Module{{Path: "example.org/a", Version: "v1.0.0", Sum: "h1:a"}, {Path: "example.org/b", Version: "v1.0.0", Sum: "h1:b"}},
			Settings: []debug.BuildSetting{
				{Key: "GOOS", Value: "linux"}, {Key: "vcs", Value: "git"}, {Key: "vcs.revision", Value: "1"}, {Key: "vcs.modified", Value: "false"},
			},
		}
		change(&b)
		return b
	}
	files := func(plugin string) fs.FS {
		return fstest.MapFS{"main.go": {Data: []byte("package main")}, "plugins/a.go": {Data: []byte(plugin)}, "plugins/a_test.go": {Data: []byte("test of " + plugin)}}
	}
	same := func(*debug.BuildInfo) {}
	plain := hash(files("one"), info(same))
	for what, other := range map[string]string{
		"an edited plugin": hash(files("two"), info(same)),
		"another compiler": hash(files("one"), info(func(b *debug.BuildInfo) { b.GoVersion = "go1.26.1" })),
		"another version":  hash(files("one"), info(func(b *debug.BuildInfo) { b.Deps[1].Version = "v1.0.1" })),
		"another sum":      hash(files("one"), info(func(b *debug.BuildInfo) { b.Deps[1].Sum = "h1:c" })),
		"a replaced one":   hash(files("one"), info(func(b *debug.BuildInfo) { b.Deps[1].Replace = &debug.Module{Path: "x", Version: "v1", Sum: "h1:b"} })),
		"a build tag": hash(files("one"), info(func(b *debug.BuildInfo) {
			b.Settings = append(b.Settings, debug.BuildSetting{Key: "-tags", Value: "x"})
		})),
		"one module less": hash(files("one"), info(func(b *debug.BuildInfo) { b.Deps = b.Deps[:1] })),
	} {
		if other == plain {
			t.Errorf("%s makes no difference", what)
		}
	}
	for what, other := range map[string]string{
		"a commit": hash(files("one"), info(func(b *debug.BuildInfo) {
			b.Main.Version = "v0.0.0-20261106-abc+dirty"
			b.Settings[2].Value, b.Settings[3].Value = "2", "true"
		})),
		"no stamp": hash(files("one"), info(func(b *debug.BuildInfo) { b.Settings = b.Settings[:1] })),
	} {
		if other != plain {
			t.Errorf("%s makes a difference", what)
		}
	}
	if hash(files("one"), info(func(b *debug.BuildInfo) { b.Deps[1].Replace = &debug.Module{Path: "../b"} })) != "" {
		t.Error("a directory in place of a module cannot be told by a sum")
	}
	if wholeProgram() == "" || !strings.HasPrefix(wholeProgram(), "0-") {
		t.Error("the program has no sum")
	}
}
