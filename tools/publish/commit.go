package publish

import (
	"cmp"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"
)

// A File is one file of the new site.
type File struct {
	Path   string // slash-separated, below the site's root
	Size   int64  // bytes
	SHA256 [32]byte
}

// A Result tells what Commit did. The new site is in place.
type Result struct {
	Tree    string   // the sum that the receipt carries
	Method  string   // "rename", "exchange", "aside" or "entries": see the package comment
	Changed []Change // what another hand had changed in the old site
	Carried []string // foreign top-level dot entries, which are in the new site now
	// Warnings are sentences on what was left undone and does not touch the new
	// site: no record written, an old tree not yet removed.
	Warnings []string
}

// Commit makes the staging directory, which must hold exactly files, the
// destination. If it fails, or ctx ends before the swap, the old site is as it
// was and staging is still there for KeepFailed. After the swap ctx is not
// looked at. Files of the old site that were changed by hand are copied to
// .duskpress/changed/ of the source first.
func (s *Session) Commit(ctx context.Context, files []File) (Result, error) {
	if s.lock == nil || s.committed {
		return Result{}, errors.New("publishing: the session is over")
	}
	start := time.Now()
	res, before, err := s.prepare(ctx, files)
	if err == nil {
		err = s.swap(ctx, &res)
	}
	if err != nil {
		_ = os.Remove(filepath.Join(s.Staging(), receiptName))
		return Result{}, fmt.Errorf("publishing to %s: %w", s.dest, err)
	}
	s.committed = true
	swapped := time.Now()
	late, err := s.retireAll(context.WithoutCancel(ctx), before)
	res.Changed = append(res.Changed, late...)
	if err != nil {
		res.Warnings = append(res.Warnings, fmt.Sprintf(
			"the new site is in place, but the old one is not yet removed; the next build tries again: %v", err))
	} else {
		s.pruneRecords(res.Tree)
		s.seal(res.Tree, files, func(path string) (int64, bool) { n, ok := s.staged[path]; return n.mtime, ok })
	}
	s.log.Debug("published", "stage", "publish", "method", res.Method, "files", len(files),
		"duration", swapped.Sub(start), "removal", time.Since(swapped))
	return res, nil
}

// prepare does all that can fail before the swap. It returns what the old site
// looked like.
func (s *Session) prepare(ctx context.Context, files []File) (Result, *findings, error) {
	var res Result
	if err := ctx.Err(); err != nil {
		return res, nil, err
	}
	// The new site and the old one are looked at side by side.
	r := newReceipt(files)
	var before *findings
	var other errgroup.Group
	other.Go(func() error {
		old, err := inspect(s.dest) // again: a build takes time
		if err == nil {
			before, err = s.examine(ctx, s.dest, old, r)
		}
		return err
	})
	seen, err := s.verify(files)
	if err = cmp.Or(err, other.Wait()); err != nil {
		return res, nil, err
	}
	for path, n := range s.old.linked {
		// One that a plugin has written again since is no longer shared.
		if now, ok := seen[path]; ok && now != n && s.shared(path) {
			return res, nil, fmt.Errorf("%s of the published site, which the new one has too, was changed while publishing: build again", path)
		}
	}
	s.staged = seen
	res.Tree = r.Tree
	if err := s.step("receipt"); err != nil {
		return res, nil, err
	}
	if err := writeFile(filepath.Join(s.Staging(), receiptName), r.bytes()); err != nil {
		return res, nil, err
	}

	site := make(map[string]string, len(files))
	for _, f := range files {
		site[f.Path] = hex.EncodeToString(f.SHA256[:])
	}
	if err := s.keep(ctx, s.dest, before, site); err != nil {
		return res, nil, err
	}
	res.Changed = before.changes

	if err := s.step("record"); err != nil {
		return res, nil, err
	}
	if err := s.saveRecord(r.Tree, files, seen); err != nil {
		// The site itself is whole; only the next search for changes is coarser.
		res.Warnings = append(res.Warnings, err.Error())
	}
	return res, before, ctx.Err()
}

func everything(string) bool { return true }

// verify compares the staging directory to the list, by path, type and size.
// Directories that it was furnished with and has no use for are removed.
func (s *Session) verify(files []File) (map[string]node, error) {
	nodes, dirs, err := walk(s.Staging(), everything)
	if err == nil && s.furnished {
		err = prune(s.Staging(), dirs, nodes)
	}
	if err != nil {
		return nil, err
	}
	seen := make(map[string]node, len(nodes))
	for _, n := range nodes {
		seen[n.path] = n
	}
	listed := make(map[string]bool, len(files))
	for _, f := range files {
		if !fs.ValidPath(f.Path) || f.Path == "." || !filepath.IsLocal(filepath.FromSlash(f.Path)) {
			return nil, fmt.Errorf("%q is not a path within a site", f.Path)
		}
		if top, _, _ := strings.Cut(f.Path, "/"); reserved(top) {
			return nil, fmt.Errorf("the site holds %s, but %s at the top of a destination is not the site's to write", f.Path, top)
		}
		if listed[f.Path] {
			return nil, fmt.Errorf("%s is listed twice", f.Path)
		}
		listed[f.Path] = true
		n, ok := seen[f.Path]
		switch {
		case !ok:
			return nil, fmt.Errorf("staging changed while publishing: %s is missing", f.Path)
		case n.mode != 0:
			return nil, fmt.Errorf("staging changed while publishing: %s is no regular file", f.Path)
		case n.size != f.Size:
			return nil, fmt.Errorf("staging changed while publishing: %s has %d bytes, not %d", f.Path, n.size, f.Size)
		}
	}
	for _, n := range nodes {
		if !listed[n.path] {
			return nil, fmt.Errorf("staging changed while publishing: %s is not of this build", n.path)
		}
	}
	return seen, nil
}

// KeepFailed moves the staging directory to .duskpress/failed/site of the source,
// in the place of the last one, and writes report beside it as report.txt. It
// returns .duskpress/failed. It fails after a Commit that succeeded.
func (s *Session) KeepFailed(report []byte) (dir string, err error) {
	if s.lock == nil || s.committed {
		return "", errors.New("keeping the failed build: the session is over")
	}
	dir = s.state("failed")
	site, last := filepath.Join(dir, "site"), filepath.Join(dir, "last")
	wrap := func(err error) (string, error) { return "", fmt.Errorf("keeping the failed build: %w", err) }
	if err := s.unshare(); err != nil {
		return wrap(err)
	}
	if s.furnished {
		nodes, dirs, err := walk(s.Staging(), everything)
		if err == nil {
			err = prune(s.Staging(), dirs, nodes)
		}
		if err != nil {
			return wrap(err)
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return wrap(err)
	}
	if err := removeAll(last); err != nil {
		return wrap(err)
	}
	if err := os.Rename(site, last); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return wrap(err)
	}
	err = os.Rename(s.Staging(), site)
	if isCrossDevice(err) {
		err = copyTree(context.Background(), s.Staging(), site)
	}
	if err != nil {
		return wrap(err)
	}
	// On a full disk this makes room for the report.
	if err := removeAll(last); err != nil {
		return wrap(err)
	}
	if err := writeFile(filepath.Join(dir, "report.txt"), report); err != nil {
		return wrap(err)
	}
	return dir, nil
}
