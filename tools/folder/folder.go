// Package folder is a directory as a host of deploys: for people whose own
// server serves files.
//
// What enters: the path of a directory, calls of package deploy. What leaves:
//
//	PATH/releases/ID/       a deploy, whole once it has this name
//	PATH/releases/ID.part/  a deploy that is being made
//	PATH/releases/ID.json   its title, times and files
//	PATH/current            a symbolic link to the deploy that readers see
//	PATH/locked             while nothing is to be published: the deploy's id
//
// The server's root is PATH/current. A link is replaced in one step, so readers
// see the old site or the new one. It never changes a release that is whole,
// and never removes one that is live.
package folder

import (
	"context"
	"crypto/rand"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"duskpress/tools/deploy"
)

var _ deploy.Host = (*Folder)(nil)

// kept is how many releases stay, the live one not counted.
const kept = 10

// A Folder is one directory.
type Folder struct {
	path string
}

// New names the directory, which may be made later. Its parent has to be there.
func New(path string) (*Folder, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return nil, err
	}
	if info, err := os.Stat(filepath.Dir(abs)); err != nil || !info.IsDir() {
		return nil, fmt.Errorf("%s: the directory above it is not there", abs)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() {
		return nil, fmt.Errorf("%s is no directory", abs)
	}
	return &Folder{abs}, nil
}

// meta is what is known of a release beside its files.
type meta struct {
	Title     string                 `json:"title"`
	Created   time.Time              `json:"created"`
	Published time.Time              `json:"published,omitzero"`
	Files     map[string]deploy.File `json:"files,omitempty"`
}

func (d *Folder) at(elements ...string) string {
	return filepath.Join(append([]string{d.path}, elements...)...)
}

func (d *Folder) release(id string) string { return d.at("releases", id) }

func local(op string, err error) error {
	return &deploy.Failure{Kind: deploy.Local, Op: op, Err: err}
}

// Site reads the link.
func (d *Folder) Site(context.Context) (deploy.Site, error) {
	s := deploy.Site{ID: d.path, Name: d.path, URL: d.at("current")}
	to, err := os.Readlink(d.at("current"))
	if errors.Is(err, fs.ErrNotExist) {
		return s, nil
	}
	if err != nil {
		return s, local("read the link "+d.at("current"), err)
	}
	s.Live = filepath.Base(to)
	if _, err := os.Stat(d.at("locked")); err == nil {
		s.Locked = true
	}
	return s, nil
}

var idPattern = regexp.MustCompile(`^\d{8}T\d{6}\.\d{3}-[0-9a-f]{6}$`)

// Find reads the titles of all releases.
func (d *Folder) Find(_ context.Context, mark string) ([]deploy.Deploy, error) {
	entries, err := os.ReadDir(d.at("releases"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, local("list the releases", err)
	}
	var list []deploy.Deploy
	for _, e := range slices.Backward(entries) { // ids begin with their time
		id, ok := strings.CutSuffix(e.Name(), ".json")
		if !ok || !idPattern.MatchString(id) {
			continue
		}
		x, err := d.read(id)
		if err == nil && strings.Contains(x.Title, mark) {
			list = append(list, x)
		}
	}
	return list, nil
}

func (d *Folder) meta(id string) (m meta, err error) {
	if !idPattern.MatchString(id) {
		return m, fs.ErrNotExist
	}
	data, err := os.ReadFile(d.release(id) + ".json")
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	return m, err
}

// write replaces the record of a release in one step.
func (d *Folder) write(id string, m meta) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	name := d.release(id) + ".json"
	if err := os.WriteFile(name+".tmp", append(data, '\n'), 0o644); err != nil {
		return err
	}
	return os.Rename(name+".tmp", name)
}

// Create makes an empty release.
func (d *Folder) Create(_ context.Context, o deploy.Spec) (deploy.Deploy, error) {
	if o.Alias != "" {
		return deploy.Deploy{}, &deploy.Failure{Kind: deploy.Refused, Op: "create a release", Message: "a directory has no aliases"}
	}
	var b [3]byte
	_, _ = rand.Read(b[:])
	now := time.Now().UTC()
	id := now.Format("20060102T150405.000") + "-" + hex.EncodeToString(b[:])
	if err := os.MkdirAll(d.release(id)+".part", 0o755); err != nil {
		return deploy.Deploy{}, local("create a release", err)
	}
	if err := d.write(id, meta{Title: o.Title, Created: now}); err != nil {
		return deploy.Deploy{}, local("create a release", err)
	}
	return d.read(id)
}

// Offer notes the files, takes over what other releases have, and says what is
// missing.
func (d *Folder) Offer(ctx context.Context, id string, m *deploy.Manifest, _ deploy.Spec) (deploy.Deploy, error) {
	r, err := d.meta(id)
	if err == nil {
		r.Files = m.Files
		err = d.write(id, r)
	}
	if err == nil {
		err = d.takeOver(ctx, id, r.Files)
	}
	if err != nil {
		return deploy.Deploy{}, local("offer the files", err)
	}
	return d.Get(ctx, id)
}

// takeOver copies files of the live release: most are the same.
func (d *Folder) takeOver(ctx context.Context, id string, files map[string]deploy.File) error {
	s, err := d.Site(ctx)
	if err != nil || s.Live == "" || s.Live == id {
		return err
	}
	live, err := d.meta(s.Live)
	if err != nil {
		return nil // it was made by hand: nothing is known of it
	}
	for name, f := range files {
		old, ok := live.Files[name]
		to := filepath.Join(d.release(id)+".part", filepath.FromSlash(name))
		if !ok || old.SHA256 != f.SHA256 || isFile(to) {
			continue
		}
		in, err := os.Open(filepath.Join(d.release(s.Live), filepath.FromSlash(name)))
		if err != nil {
			continue
		}
		err = place(to, in, f)
		in.Close()
		if err != nil && !errors.Is(err, errOther) {
			return err
		}
	}
	return nil
}

var errOther = errors.New("not the file that was announced")

// place writes a file under its name only when it is whole and right.
func place(to string, in io.Reader, f deploy.File) error {
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	tmp, err := os.CreateTemp(filepath.Dir(to), ".part-*")
	if err != nil {
		return err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(tmp, sum), in)
	if err == nil {
		err = tmp.Chmod(0o644)
	}
	if cerr := tmp.Close(); err == nil {
		err = cerr
	}
	if err == nil && hex.EncodeToString(sum.Sum(nil)) != f.SHA256 {
		err = errOther
	}
	if err == nil {
		err = os.Rename(tmp.Name(), to)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
}

func isFile(name string) bool {
	info, err := os.Lstat(name)
	return err == nil && info.Mode().IsRegular()
}

// Upload writes one file to every name that has its content.
func (d *Folder) Upload(_ context.Context, id string, f deploy.File, body io.Reader) error {
	r, err := d.meta(id)
	if err != nil {
		return local("write "+f.Path, err)
	}
	dir := d.release(id) + ".part"
	first := filepath.Join(dir, filepath.FromSlash(f.Path))
	if err := place(first, body, f); err != nil {
		return local("write "+f.Path, err)
	}
	for name, other := range r.Files {
		to := filepath.Join(dir, filepath.FromSlash(name))
		if other.SHA256 != f.SHA256 || name == f.Path || isFile(to) {
			continue
		}
		in, err := os.Open(first)
		if err != nil {
			return local("write "+name, err)
		}
		err = place(to, in, other)
		in.Close()
		if err != nil {
			return local("write "+name, err)
		}
	}
	return nil
}

// Get reads a release, and gives one that has all its files its name.
func (d *Folder) Get(_ context.Context, id string) (deploy.Deploy, error) {
	x, err := d.read(id)
	if err != nil || x.State != deploy.Compared || len(x.Missing) > 0 {
		return x, err
	}
	if err := d.sweep(id); err != nil {
		return x, local("finish release "+id, err)
	}
	if err := os.Rename(d.release(id)+".part", d.release(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return x, local("finish release "+id, err)
	}
	return d.read(id)
}

// sweep removes what was not announced from a release that is being made: a
// process that was killed leaves the file that it was writing, under a name of
// its own, and a server would serve it.
func (d *Folder) sweep(id string) error {
	m, err := d.meta(id)
	if err != nil {
		return err
	}
	root := d.release(id) + ".part"
	dirs := map[string]bool{root: true}
	for name := range m.Files {
		for at := filepath.Dir(filepath.Join(root, filepath.FromSlash(name))); !dirs[at] && len(at) > len(root); at = filepath.Dir(at) {
			dirs[at] = true
		}
	}
	err = filepath.WalkDir(root, func(name string, e fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		_, announced := m.Files[filepath.ToSlash(rel)]
		switch {
		case e.IsDir() && dirs[name], !e.IsDir() && announced:
			return nil
		case e.IsDir():
			if err := os.RemoveAll(name); err != nil {
				return err
			}
			return fs.SkipDir
		}
		return os.Remove(name)
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil // another process gave it its name
	}
	return err
}

func (d *Folder) read(id string) (deploy.Deploy, error) {
	m, err := d.meta(id)
	if errors.Is(err, fs.ErrNotExist) {
		return deploy.Deploy{}, &deploy.Failure{Kind: deploy.Absent, Op: "read release " + id}
	}
	if err != nil {
		return deploy.Deploy{}, local("read release "+id, err)
	}
	x := deploy.Deploy{ID: id, Title: m.Title, Draft: true, Created: m.Created, Published: m.Published, URL: d.release(id)}
	if info, err := os.Stat(d.release(id)); err == nil && info.IsDir() {
		x.State, x.Raw = deploy.Ready, "ready"
		return x, nil
	}
	if info, err := os.Stat(d.release(id) + ".part"); err != nil || !info.IsDir() {
		return deploy.Deploy{}, &deploy.Failure{Kind: deploy.Absent, Op: "read release " + id}
	}
	if m.Files == nil {
		x.State, x.Raw = deploy.Empty, "empty"
		return x, nil
	}
	x.State, x.Raw = deploy.Compared, "waiting for files"
	missing := make(map[string]bool)
	for name, f := range m.Files {
		if info, err := os.Lstat(filepath.Join(d.release(id)+".part", filepath.FromSlash(name))); err != nil || info.Size() != f.Size {
			missing[f.SHA1] = true
		}
	}
	for sha := range missing {
		x.Missing = append(x.Missing, sha)
	}
	slices.Sort(x.Missing)
	return x, nil
}

// Publish replaces the link.
func (d *Folder) Publish(ctx context.Context, id string) error {
	if _, err := os.Stat(d.release(id)); err != nil {
		return &deploy.Failure{Kind: deploy.Absent, Op: "publish release " + id, Err: err}
	}
	if info, err := os.Lstat(d.at("current")); err == nil && info.Mode()&fs.ModeSymlink == 0 {
		return &deploy.Failure{Kind: deploy.Refused, Op: "publish release " + id, Message: d.at("current") + " is no symbolic link"}
	}
	next := d.at("current.next")
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return local("publish release "+id, err)
	}
	if err := os.Symlink(filepath.Join("releases", id), next); err != nil {
		return local("publish release "+id, err)
	}
	if err := os.Rename(next, d.at("current")); err != nil {
		return local("publish release "+id, err)
	}
	if f, err := os.Open(d.path); err == nil {
		_ = f.Sync() // so that the link lasts
		f.Close()
	}
	if m, err := d.meta(id); err == nil {
		m.Published = time.Now().UTC()
		if err := d.write(id, m); err != nil {
			return local("note the time of release "+id, err)
		}
	}
	d.prune(ctx, id)
	return nil
}

// prune removes old releases. What cannot be removed stays: it does no harm.
func (d *Folder) prune(ctx context.Context, live string) {
	all, err := d.Find(ctx, "")
	if err != nil {
		return
	}
	n := 0
	for _, x := range all {
		if x.ID == live {
			continue
		}
		if n++; n > kept {
			_ = os.RemoveAll(d.release(x.ID))
			_ = os.RemoveAll(d.release(x.ID) + ".part")
			_ = os.Remove(d.release(x.ID) + ".json")
		}
	}
}

// Files reads what is live.
func (d *Folder) Files(ctx context.Context) ([]deploy.Remote, error) {
	root := d.at("current")
	real, err := filepath.EvalSymlinks(root)
	if err != nil {
		return nil, local("list the files that are live", err)
	}
	var list []deploy.Remote
	err = filepath.WalkDir(real, func(name string, e fs.DirEntry, err error) error {
		if err != nil || !e.Type().IsRegular() {
			return err
		}
		f, err := os.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		sum := sha1.New()
		n, err := io.Copy(sum, f)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(real, name)
		list = append(list, deploy.Remote{Path: filepath.ToSlash(rel), SHA1: hex.EncodeToString(sum.Sum(nil)), Size: n})
		return err
	})
	if err != nil {
		return nil, local("list the files that are live", err)
	}
	return list, nil
}

// Fetch reads a file where the server would.
func (d *Folder) Fetch(_ context.Context, r deploy.Request) (*deploy.Answer, error) {
	a := &deploy.Answer{URL: r.At + r.Path, Status: 404}
	if r.File == "" {
		return a, nil
	}
	f, err := os.Open(filepath.Join(r.At, filepath.FromSlash(r.File)))
	if errors.Is(err, fs.ErrNotExist) {
		return a, nil
	}
	if err != nil {
		return nil, local("read "+r.File, err)
	}
	defer f.Close()
	one, two := sha1.New(), sha256.New()
	if a.Size, err = io.Copy(io.MultiWriter(one, two), f); err != nil {
		return nil, local("read "+r.File, err)
	}
	a.Status, a.SHA1, a.SHA256 = 200, hex.EncodeToString(one.Sum(nil)), hex.EncodeToString(two.Sum(nil))
	return a, nil
}

// Lock keeps others who deploy with this package from publishing.
func (d *Folder) Lock(_ context.Context, id string, locked bool) error {
	var err error
	if locked {
		err = os.WriteFile(d.at("locked"), []byte(id+"\n"), 0o644)
	} else if err = os.Remove(d.at("locked")); errors.Is(err, fs.ErrNotExist) {
		err = nil
	}
	if err != nil {
		return local("lock", err)
	}
	return nil
}
