package pipeline

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"io"

	"duskpress/tools/cache"
)

// file takes one output file through the File phase into the store.
func (p *Pipeline) file(ctx context.Context, site *Site, f *File) error {
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if f.Open != nil {
		return p.copy(site, f)
	}
	f.RawSize = int64(len(f.Data))
	var (
		key  cache.Key
		keep = p.settledFiles != "" && f.Kind != Static && keeps(p.files, f)
		told = p.problems
	)
	if keep {
		key = p.fileKey(p.settledFiles, f)
		site.setKey(f.Path, key)
		if p.recall(site, f, key) {
			site.put(f)
			return nil
		}
		told = new(Problems)
	}
	// What may not be found again by the bytes of a file can still be taken over.
	over := p.Recording && p.settledFiles != "" && f.Kind != Static && !keep
	if over {
		key = p.fileKey(p.settledFiles, f)
		told = new(Problems)
	}
	if f.Kind != Static {
		err := p.fileHooks(ctx, f, told)
		if keep || over {
			p.noteTold(told.list)
			for _, x := range told.list {
				p.problems.Add(x)
			}
		}
		if err != nil {
			return err
		}
	}
	f.Size = int64(len(f.Data))
	f.SHA256 = sha256.Sum256(f.Data)
	if !reuse(site.store, f.Path, f.SHA256, f.Size) {
		if err := site.store.Write(f.Path, f.Data); err != nil {
			return err
		}
	}
	f.Data = nil
	if over {
		key = cache.Sum("over").Bytes(key[:]).Bytes(f.SHA256[:]).Key()
		site.setKey(f.Path, key)
	}
	if keep || over {
		p.keep(f, key, told.list)
	}
	site.put(f)
	return nil
}

// fileHooks runs the File hooks of a file.
func (p *Pipeline) fileHooks(ctx context.Context, f *File, problems *Problems) error {
	for _, s := range p.files {
		before := f.Data
		if p.Trace != nil {
			before = bytes.Clone(f.Data)
		}
		err := p.guard(s.Name, PhaseFile, f.Path, func() error { return s.hooks.File(ctx, f, problems) })
		if err != nil {
			return fmt.Errorf("%s: %w", f.Path, err)
		}
		if p.Trace != nil && !bytes.Equal(before, f.Data) {
			p.Trace.addFile(f.Path, Touch{PhaseFile, s.Name, len(before), len(f.Data)})
		}
	}
	return nil
}

// copy takes a static file into the store as it is; one that the earlier site
// has is not written again.
func (p *Pipeline) copy(site *Site, f *File) error {
	pass := func(to func(io.Reader) error) error {
		r, err := f.Open()
		if err != nil {
			return err
		}
		defer r.Close()
		sum := sha256.New()
		counted := &counter{Reader: io.TeeReader(r, sum)}
		if err := to(counted); err != nil {
			return err
		}
		f.Size, f.RawSize = counted.n, counted.n
		sum.Sum(f.SHA256[:0])
		return nil
	}
	if d, ok := site.store.(*DirStore); ok && d.Link != nil {
		if err := pass(func(r io.Reader) error { _, err := io.Copy(io.Discard, r); return err }); err != nil {
			return err
		}
		if d.Reuse(f.Path, f.SHA256, f.Size) {
			site.put(f)
			return nil
		}
	}
	if err := pass(func(r io.Reader) error { return site.store.Copy(f.Path, r) }); err != nil {
		return err
	}
	site.put(f)
	return nil
}

type counter struct {
	io.Reader
	n int64
}

func (c *counter) Read(b []byte) (int, error) {
	n, err := c.Reader.Read(b)
	c.n += int64(n)
	return n, err
}
