package publish

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A DestinationError says why a directory is not taken as destination. Nothing
// in it was changed.
type DestinationError struct {
	Path   string
	Reason string
	Hint   string
	Err    error // the cause, if the system gave one
}

func (e *DestinationError) Error() string {
	return fmt.Sprintf("publishing to %s: %s", e.Path, e.Reason)
}

func (e *DestinationError) Unwrap() error { return e.Err }

const hintOwn = "publish into a directory of its own, such as public"

// sourceDirs are directories of a Hugo site that its author or its modules own.
// A site published into one would be read as input by the next build.
var sourceDirs = []string{
	"archetypes", "assets", "config", "content", "data", "i18n", "layouts",
	"resources", "static", "theme", "themes", ".duskpress", ".git",
}

// resolve returns the source and the destination, absolute and with symbolic
// links in their parents followed. It refuses a destination by where it lies;
// inspect refuses by what is in it.
func resolve(source, destination string) (src, dest string, err error) {
	if source == "" || destination == "" {
		return "", "", errors.New("publishing: source and destination must be named")
	}
	refuse := func(reason, hint string) error {
		return &DestinationError{Path: destination, Reason: reason, Hint: hint}
	}
	if src, err = filepath.Abs(source); err != nil {
		return "", "", fmt.Errorf("finding the source: %w", err)
	}
	if src, err = filepath.EvalSymlinks(src); err != nil {
		return "", "", fmt.Errorf("finding the source: %w", err)
	}
	if dest, err = filepath.Abs(destination); err != nil {
		return "", "", fmt.Errorf("finding the destination: %w", err)
	}
	if filepath.Dir(dest) == dest {
		return "", "", refuse("it is the root of the file system", hintOwn)
	}
	dest = filepath.Join(realPrefix(filepath.Dir(dest)), filepath.Base(dest))

	fi, err := os.Lstat(dest)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return "", "", &DestinationError{Path: destination, Reason: "it cannot be looked at: " + cause(err), Hint: hintOwn, Err: err}
	case fi.Mode()&fs.ModeSymlink != 0:
		target, _ := os.Readlink(dest)
		return "", "", refuse("it is a symbolic link to "+target+", and a link's target is never replaced",
			"name the target itself as destination, or remove the link")
	case !fi.IsDir():
		return "", "", refuse("it is not a directory", "choose another destination, or move the file away")
	}
	if contains(dest, src) {
		if contains(src, dest) {
			return "", "", refuse("it is the source of the site", hintOwn)
		}
		return "", "", refuse("it holds the source of the site ("+src+")", hintOwn)
	}
	if home, err := os.UserHomeDir(); err == nil && home != "" && contains(dest, realPrefix(home)) {
		return "", "", refuse("it is your home directory, or holds it", hintOwn)
	}
	for _, name := range sourceDirs {
		if dir := filepath.Join(src, name); contains(dir, dest) {
			return "", "", refuse("it lies in "+name+"/ of the source, where the next build would read it", hintOwn)
		}
	}
	if base := filepath.Base(dest); strings.HasPrefix(base, ".") && strings.HasSuffix(base, ".duskpress") {
		return "", "", refuse("names of this form are used for staging", hintOwn)
	}
	return src, dest, nil
}

// realPrefix follows the symbolic links of path as far as it exists.
func realPrefix(path string) string {
	rest := ""
	for p := path; ; {
		if real, err := filepath.EvalSymlinks(p); err == nil {
			return filepath.Join(real, rest)
		}
		up := filepath.Dir(p)
		if up == p {
			return path
		}
		rest = filepath.Join(filepath.Base(p), rest)
		p = up
	}
}

// contains reports whether path is dir or lies below it, by name and, so that
// letter case, bind mounts and the like do not matter, by identity.
func contains(dir, path string) bool {
	di, derr := os.Stat(dir)
	for p := path; ; {
		if p == dir {
			return true
		}
		if pi, err := os.Lstat(p); derr == nil && err == nil && os.SameFile(di, pi) {
			return true
		}
		up := filepath.Dir(p)
		if up == p {
			return false
		}
		p = up
	}
}

// inspect returns the receipt in dest, or nil if dest is missing or empty but
// for .git. Any other directory is refused.
func inspect(dest string) (*receipt, error) {
	refuse := func(err error, reason, hint string) (*receipt, error) {
		return nil, &DestinationError{Path: dest, Reason: reason, Hint: hint, Err: err}
	}
	list, err := os.ReadDir(dest)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return refuse(err, "it cannot be read: "+cause(err), "check its owner and mode")
	}
	r, err := readReceipt(dest)
	if err == nil {
		return r, nil
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return refuse(err, "its "+receiptName+" is no receipt that this version can read: "+err.Error(),
			"choose another destination, or empty this one by hand")
	}
	var found []string
	for _, d := range list {
		if d.Name() != gitName && d.Name() != transitName {
			found = append(found, d.Name())
		}
	}
	if len(found) == 0 {
		return nil, nil
	}
	hint := "choose another destination, or empty this one by hand: a publish replaces all of it"
	if exists(filepath.Join(dest, gitName)) {
		hint = "it is a git checkout with files; for a branch that holds only the site, remove them once (git rm -r .)"
	}
	n := len(found)
	if n > 3 {
		found = append(slices.Clip(found[:3]), "...")
	}
	return refuse(nil, fmt.Sprintf("it holds entries (%d: %s) but no receipt (%s) of an earlier publish",
		n, strings.Join(found, ", "), receiptName), hint)
}

func unwritable(dest, dir string, err error) error {
	return &DestinationError{
		Path: dest, Err: err,
		Reason: fmt.Sprintf("%s cannot be written: %s", dir, cause(err)),
		Hint:   "the destination and the directory that holds it must be writable, with room to spare",
	}
}

// cause returns the system's words alone: the path is said already.
func cause(err error) string {
	if pe := new(fs.PathError); errors.As(err, &pe) {
		return pe.Err.Error()
	}
	if le := new(os.LinkError); errors.As(err, &le) {
		return le.Err.Error()
	}
	return err.Error()
}
