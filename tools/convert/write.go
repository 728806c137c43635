package convert

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"duskpress/tools/note"
)

// Write makes a change: what lies beside a page first, the page in one step
// after it, and only then what it replaces is removed. A file that has become
// another one since it was read is left alone.
func (c *Change) Write() error {
	for _, f := range c.Files {
		if sameFile(f.From, f.To) {
			continue
		}
		data, err := os.ReadFile(f.From)
		if err != nil {
			return err
		}
		if err := note.Write(f.To, data); err != nil {
			return err
		}
	}
	if c.From != c.To {
		if there, err := os.ReadFile(c.To); err != nil || !bytes.Equal(there, c.New) {
			if err := note.Write(c.To, c.New); err != nil {
				return err
			}
		}
		if !c.Replaces {
			return nil
		}
		return c.unchanged(func() error { return os.Remove(c.From) })
	}
	return c.unchanged(func() error { return replace(c.To, c.New) })
}

func (c *Change) unchanged(then func() error) error {
	now, err := os.ReadFile(c.From)
	if err != nil {
		return err
	}
	if !bytes.Equal(now, c.Old) {
		return fmt.Errorf("%s has changed since it was read", c.From)
	}
	return then()
}

// replace gives a file other bytes in one step, and keeps its mode.
func replace(name string, data []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".import-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}
