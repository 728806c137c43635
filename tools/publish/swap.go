package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// swap puts staging in the place of the destination by the best way there is. If
// it fails, the destination is as it was and staging has its name back, unless
// going back failed too: then the next Open goes on from there.
func (s *Session) swap(ctx context.Context, res *Result) error {
	if err := s.step("swap"); err != nil {
		return err
	}
	if !exists(s.dest) {
		res.Method = "rename"
		return seam.rename(s.Staging(), s.dest)
	}
	ready, old := s.place(swapName), s.place(oldName)
	if err := os.Rename(s.Staging(), ready); err != nil {
		return err
	}
	back := func(err error) error { return errors.Join(err, os.Rename(ready, s.Staging())) }

	if err := s.step("exchange"); err != nil {
		return back(err)
	}
	err := seam.exchange(ready, s.dest)
	if err == nil {
		res.Method = "exchange"
		// After an exchange the old site is at ready.
		if res.Carried, err = s.carry(ready, s.dest); err != nil {
			err = errors.Join(err, uncarry(res.Carried, s.dest, ready))
			if xerr := seam.exchange(ready, s.dest); xerr != nil {
				return errors.Join(err, xerr)
			}
			return back(err)
		}
		return nil
	}
	if !unsuited(err) {
		return back(err)
	}
	s.log.Debug("no exchange of directories here", "stage", "publish", "err", err)

	if err := s.step("aside"); err != nil {
		return back(err)
	}
	err = seam.rename(s.dest, old)
	if err == nil {
		res.Method = "aside"
		return s.finishAside(ready, old, res, back)
	}
	if err := back(nil); err != nil {
		return err
	}
	if !unsuited(err) {
		return err
	}
	s.log.Debug("the destination cannot be renamed", "stage", "publish", "err", err)
	res.Method = "entries"
	return s.swapEntries(ctx)
}

// finishAside is the rest of a swap whose old site has been renamed away.
func (s *Session) finishAside(ready, old string, res *Result, back func(error) error) error {
	err := s.step("away")
	if err == nil {
		err = seam.rename(ready, s.dest)
	}
	if err != nil {
		return back(errors.Join(err, seam.rename(old, s.dest)))
	}
	if res.Carried, err = s.carry(old, s.dest); err != nil {
		err = errors.Join(err, uncarry(res.Carried, s.dest, old))
		if rerr := seam.rename(s.dest, ready); rerr != nil {
			return errors.Join(err, rerr)
		}
		return back(errors.Join(err, seam.rename(old, s.dest)))
	}
	return nil
}

// unsuited reports whether another way may succeed where this one did not.
func unsuited(err error) bool {
	return errors.Is(err, errors.ErrUnsupported) || errors.Is(err, syscall.EINVAL) || isCrossDevice(err) ||
		errors.Is(err, syscall.EBUSY) || errors.Is(err, syscall.EPERM)
}

func isCrossDevice(err error) bool { return errors.Is(err, syscall.EXDEV) }

// carry moves the top-level dot entries of the directory from that no publish
// put there to the directory to. One whose name the site in to has itself stays,
// to be kept as a changed file; one that stands there already although neither
// site has it is an error.
func (s *Session) carry(from, to string) (carried []string, err error) {
	fromSite, err := siteOf(from)
	if err != nil {
		return nil, err
	}
	toSite, err := siteOf(to)
	if err != nil {
		return nil, err
	}
	list, err := os.ReadDir(from)
	if err != nil {
		return nil, err
	}
	for _, d := range list {
		name := d.Name()
		if name == receiptName || fromSite.owns(name) {
			continue
		}
		if exists(filepath.Join(to, name)) {
			if toSite.owns(name) {
				continue
			}
			return carried, &DestinationError{
				Path:   s.dest,
				Reason: fmt.Sprintf("both the new and the old site (%s) have a %s of someone else's", from, name),
				Hint:   "look at both and remove one",
			}
		}
		if err := s.step("carry " + name); err != nil {
			return carried, err
		}
		if err := os.Rename(filepath.Join(from, name), filepath.Join(to, name)); err != nil {
			return carried, err
		}
		carried = append(carried, name)
	}
	return carried, nil
}

func uncarry(names []string, from, to string) error {
	var err error
	for _, name := range names {
		err = errors.Join(err, os.Rename(filepath.Join(from, name), filepath.Join(to, name)))
	}
	return err
}

// siteOf is readReceipt, with nil for a directory that was never published.
func siteOf(dir string) (*receipt, error) {
	r, err := readReceipt(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return r, err
}
