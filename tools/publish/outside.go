package publish

import (
	"errors"
	"io"
	"io/fs"
	"strings"
)

// Exclusive takes a lock of the kind that a session holds, in a directory of
// its own, which is made and removed with it. It does not wait: a *LockedError
// says who holds it.
func Exclusive(dir, holder string) (io.Closer, error) {
	l, err := acquire(dir, holder)
	if err != nil {
		return nil, err
	}
	return closer{l}, nil
}

type closer struct{ *lock }

func (c closer) Close() error { return c.release() }

// Owner reports of the entries at the top of a published site whether they are
// part of it. In a directory without a receipt no dot entry is.
func Owner(dir string) (func(name string) bool, error) {
	r, err := readReceipt(dir)
	if errors.Is(err, fs.ErrNotExist) {
		r, err = nil, nil
	}
	if err != nil {
		return nil, err
	}
	return func(name string) bool {
		return !strings.HasPrefix(name, ".") || r.owns(name)
	}, nil
}
