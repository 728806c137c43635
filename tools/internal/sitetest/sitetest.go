// Package sitetest helps tests that build sites: it unpacks them from txtar
// archives, compiles the tool and Hugo's own command, and reads trees of files.
//
// A build is done in a process of its own, since Hugo keeps state for the whole
// process.
package sitetest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"sync"
	"testing"

	"github.com/rogpeppe/go-internal/txtar"
)

// Receipt is the file that the tool adds to a published site.
const Receipt = ".duskpress"

// Unpack writes the files of an archive below dir. A file whose name ends in
// .base64 is decoded and written without that ending.
func Unpack(t testing.TB, archive, dir string) {
	t.Helper()
	a, err := txtar.ParseFile(archive)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range a.Files {
		name, data := f.Name, f.Data
		if n, ok := strings.CutSuffix(name, ".base64"); ok {
			name = n
			if data, err = base64.StdEncoding.DecodeString(strings.Join(strings.Fields(string(data)), "")); err != nil {
				t.Fatalf("%s: %v", f.Name, err)
			}
		}
		Write(t, filepath.Join(dir, filepath.FromSlash(name)), string(data))
	}
}

// Write writes a file and the directories above it.
func Write(t testing.TB, name, data string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(data), 0o666); err != nil {
		t.Fatal(err)
	}
}

// Root is the top of the repository.
func Root(t testing.TB) string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		if dir == filepath.Dir(dir) {
			t.Fatal("no go.mod above the working directory")
		}
		dir = filepath.Dir(dir)
	}
}

// CopyRepoSite copies the repository's own site, without its tools.
func CopyRepoSite(t testing.TB, to string) {
	t.Helper()
	root := Root(t)
	for _, name := range []string{"config.toml", "config", "content", "layouts", "theme", "static", "assets", "archetypes", "i18n", "data"} {
		from := filepath.Join(root, name)
		info, err := os.Stat(from)
		if err != nil {
			continue
		}
		if info.IsDir() {
			err = os.CopyFS(filepath.Join(to, name), os.DirFS(from))
		} else {
			var data []byte
			if data, err = os.ReadFile(from); err == nil {
				Write(t, filepath.Join(to, name), string(data))
			}
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Tree reads every file below dir, but for the tool's receipt.
func Tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	tree := make(map[string]string)
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, path)
		if err != nil || rel == Receipt {
			return err
		}
		data, err := os.ReadFile(path)
		tree[filepath.ToSlash(rel)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

// Sum is one hash of a tree: names and bytes.
func Sum(tree map[string]string) string {
	names := make([]string, 0, len(tree))
	for name := range tree {
		names = append(names, name)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, name := range names {
		fmt.Fprintf(h, "%s\x00%x\n", name, sha256.Sum256([]byte(tree[name])))
	}
	return hex.EncodeToString(h.Sum(nil))
}

var compiled = struct {
	sync.Mutex
	dir      string
	binaries map[string]string
}{binaries: make(map[string]string)}

// Tool is the compiled tool.
func Tool(t testing.TB) string { return build(t, "duskpress/tools", "duskpress") }

// ToolWith is the compiled tool with a variable that the linker sets.
func ToolWith(t testing.TB, variable, value string) string {
	return build(t, "duskpress/tools", "duskpress-"+strings.ReplaceAll(value, " ", "-"), "-ldflags", fmt.Sprintf("-X '%s=%s'", variable, value))
}

// Hugo is Hugo's own command, of the version in go.mod.
func Hugo(t testing.TB) string { return build(t, "github.com/gohugoio/hugo", "hugo") }

func build(t testing.TB, pkg, name string, flags ...string) string {
	t.Helper()
	compiled.Lock()
	defer compiled.Unlock()
	if file, ok := compiled.binaries[name]; ok {
		return file
	}
	if compiled.dir == "" {
		dir, err := os.MkdirTemp("", "duskpress-test-")
		if err != nil {
			t.Fatal(err)
		}
		compiled.dir = dir
	}
	file := filepath.Join(compiled.dir, name)
	cmd := exec.Command("go", append(append([]string{"build", "-o", file}, flags...), pkg)...)
	cmd.Dir = Root(t)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("go build %s: %v\n%s", pkg, err, out)
	}
	compiled.binaries[name] = file
	return file
}

// Clean removes the compiled commands; call it at the end of TestMain.
func Clean() {
	compiled.Lock()
	defer compiled.Unlock()
	if compiled.dir != "" {
		os.RemoveAll(compiled.dir)
	}
}

// Env is the environment for building sites: without the variables that
// change what Hugo does.
func Env(extra ...string) []string {
	var env []string
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "HUGO") && !strings.HasPrefix(kv, "DUSKPRESS_") {
			env = append(env, kv)
		}
	}
	return append(env, extra...)
}

// Build runs the tool on a site and returns its output and exit code.
func Build(t testing.TB, dir string, args ...string) (output string, exit int) {
	t.Helper()
	return Run(t, dir, Tool(t), append([]string{"build"}, args...)...)
}

// MustBuild is Build for a site that has to be good.
func MustBuild(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, exit := Build(t, dir, args...)
	if exit != 0 {
		t.Fatalf("build in %s: exit %d\n%s", dir, exit, out)
	}
	return out
}

// Run runs a command in a directory.
func Run(t testing.TB, dir, name string, args ...string) (output string, exit int) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = dir, Env()
	out, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// Zipped returns how many bytes a file has on its way to a browser.
func Zipped(data []byte) int {
	var out bytes.Buffer
	w, _ := gzip.NewWriterLevel(&out, gzip.BestCompression)
	_, _ = w.Write(data)
	_ = w.Close()
	return out.Len()
}
