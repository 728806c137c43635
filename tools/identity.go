package main

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/mattn/go-isatty"
)

// sources are the Go files that the tool is made of, but for tests. A test looks
// whether one is missing.
//
//go:embed *.go */*.go serve/live.js
var sources embed.FS

// identity names what the tool is: its own code, its modules by their sums, the
// compiler and how it was used. It is part of every key of the cache, so an
// edited plugin or another version of a module never meets a result of before.
// The commit that Go stamps into a program is not part of it: content lies in
// the same repository, and would empty the cache with every post.
var identity = sync.OnceValue(func() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || !fromModuleCache() {
		return wholeProgram()
	}
	h := sha256.New()
	if id, ok := describe(h, info); ok && hashSources(h, sources) == nil {
		return id + hex.EncodeToString(h.Sum(nil))
	}
	return wholeProgram()
})

// describe adds the modules and settings of a program. It is not ok where one of
// them is not told by its sum: a directory in place of a module, a workspace.
func describe(h io.Writer, info *debug.BuildInfo) (id string, ok bool) {
	fmt.Fprintln(h, info.GoVersion)
	for _, m := range info.Deps {
		if m.Replace != nil {
			fmt.Fprintln(h, m.Path, m.Version)
			m = m.Replace
		}
		if m.Sum == "" {
			return "", false
		}
		fmt.Fprintln(h, m.Path, m.Version, m.Sum)
	}
	for _, s := range info.Settings {
		if s.Key != "vcs" && !strings.HasPrefix(s.Key, "vcs.") {
			fmt.Fprintf(h, "%s=%q\n", s.Key, s.Value)
		}
	}
	return "1-", true
}

// hashSources adds the names and bytes of the Go files that are compiled.
func hashSources(h io.Writer, files fs.FS) error {
	return fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		data, err := fs.ReadFile(files, name)
		if err == nil {
			fmt.Fprintf(h, "%s %d\n%s\n", name, len(data), data)
		}
		return err
	})
}

// fromModuleCache reports whether other people's packages were compiled from the
// module cache, where their sums hold, and not from a vendor directory.
func fromModuleCache() bool {
	f := runtime.FuncForPC(reflect.ValueOf(isatty.IsTerminal).Pointer())
	if f == nil {
		return false
	}
	file, _ := f.FileLine(f.Entry())
	return strings.Contains(file, "@v")
}

// wholeProgram is the identity where nothing better can be proven: the bytes of
// the program.
func wholeProgram() string {
	name, err := os.Executable()
	if err != nil {
		return ""
	}
	f, err := os.Open(name)
	if err != nil {
		return ""
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return ""
	}
	return "0-" + hex.EncodeToString(h.Sum(nil))
}
