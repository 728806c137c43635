package folder

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"duskpress/tools/deploy"
)

// TestLeftBehind plants what a process leaves that is killed while it writes:
// a release has the files that were announced and no others.
func TestLeftBehind(t *testing.T) {
	d, err := New(filepath.Join(t.TempDir(), "www"))
	if err != nil {
		t.Fatal(err)
	}
	ctx := context.Background()
	x, err := d.Create(ctx, deploy.Spec{Title: "one"})
	if err != nil {
		t.Fatal(err)
	}
	m := &deploy.Manifest{Files: make(map[string]deploy.File)}
	for _, name := range []string{"index.html", "a/b/index.html", "a/same.html"} {
		content := "content of " + strings.TrimPrefix(name, "a/")
		one, two := sha1.Sum([]byte(content)), sha256.Sum256([]byte(content))
		m.Files[name] = deploy.File{Path: name, Size: int64(len(content)), SHA1: hex.EncodeToString(one[:]), SHA256: hex.EncodeToString(two[:])}
	}
	for _, name := range []string{".part-123", "a/.part-9", "gone/old/index.html", "a/b/c/x"} {
		to := filepath.Join(d.release(x.ID)+".part", filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(to, []byte("torn"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if x, err = d.Offer(ctx, x.ID, m, deploy.Spec{}); err != nil || len(x.Missing) != 3 {
		t.Fatal(x, err)
	}
	for name, f := range m.Files {
		if err := d.Upload(ctx, x.ID, f, strings.NewReader("content of "+strings.TrimPrefix(name, "a/"))); err != nil {
			t.Fatal(err)
		}
	}
	if x, err = d.Get(ctx, x.ID); err != nil || x.State != deploy.Ready {
		t.Fatal(x, err)
	}
	var got []string
	err = filepath.WalkDir(d.release(x.ID), func(name string, e fs.DirEntry, err error) error {
		if err != nil || name == d.release(x.ID) {
			return err
		}
		rel, err := filepath.Rel(d.release(x.ID), name)
		got = append(got, filepath.ToSlash(rel))
		return err
	})
	if want := []string{"a", "a/b", "a/b/index.html", "a/same.html", "index.html"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%v, want %v (%v)", got, want, err)
	}
}
