package pipeline

import (
	"encoding/binary"
	"errors"
)

// An encoder writes what is kept between builds; a decoder reads it, in the same
// order. Neither knows versions: a change of this code is a change of the tool,
// and so of every key.
type encoder struct{ buf []byte }

func (e *encoder) int(n int64)     { e.buf = binary.AppendVarint(e.buf, n) }
func (e *encoder) string(s string) { e.int(int64(len(s))); e.buf = append(e.buf, s...) }

func (e *encoder) bool(b bool) {
	if b {
		e.buf = append(e.buf, 1)
	} else {
		e.buf = append(e.buf, 0)
	}
}

// strings tells nil from empty, as do all lists.
func (e *encoder) strings(list []string) {
	encodeList(e, list, func(s *string) { e.string(*s) })
}

func encodeList[T any](e *encoder, list []T, each func(*T)) {
	if list == nil {
		e.int(-1)
		return
	}
	e.int(int64(len(list)))
	for i := range list {
		each(&list[i])
	}
}

type decoder struct {
	buf []byte
	all string // the same bytes: texts are parts of it
	bad bool
}

func newDecoder(data []byte) *decoder { return &decoder{buf: data, all: string(data)} }

var errEncoding = errors.New("a cached value cannot be read")

// end reports whether all was read, and nothing was wrong.
func (d *decoder) end() error {
	if d.bad || len(d.buf) > 0 {
		return errEncoding
	}
	return nil
}

func (d *decoder) int() int64 {
	n, size := binary.Varint(d.buf)
	if size <= 0 {
		d.bad, d.buf = true, nil
		return 0
	}
	d.buf = d.buf[size:]
	return n
}

func (d *decoder) take(n int64) string {
	if n < 0 || n > int64(len(d.buf)) {
		d.bad, d.buf = true, nil
		return ""
	}
	at := len(d.all) - len(d.buf)
	d.buf = d.buf[n:]
	return d.all[at : at+int(n)]
}

func (d *decoder) string() string { return d.take(d.int()) }

func (d *decoder) bool() bool { return d.take(1) == "\x01" }

func (d *decoder) strings() []string {
	return decodeList(d, func(s *string) { *s = d.string() })
}

func decodeList[T any](d *decoder, each func(*T)) []T {
	n := d.int()
	if n < 0 {
		return nil
	}
	if n > int64(len(d.buf)) { // each takes a byte at least
		d.bad, d.buf = true, nil
		return nil
	}
	list := make([]T, n)
	for i := range list {
		each(&list[i])
	}
	return list
}

func (e *encoder) facts(f *Facts) {
	e.bool(f != nil)
	if f == nil {
		return
	}
	e.string(f.Title)
	e.string(f.Lang)
	e.strings(f.IDs)
	encodeList(e, f.Links, func(l *Link) {
		e.string(l.Element)
		e.string(l.Attribute)
		e.string(l.URL)
		e.string(l.Rel)
	})
	e.string(f.Refresh)
	encodeList(e, f.Uses, func(u *Use) {
		e.string(u.Directive)
		e.string(u.Source)
		e.string(u.Address)
		e.string(u.Inline)
		e.string(u.Element)
		e.string(u.Attribute)
	})
	e.string(f.Base)
	e.bool(f.Whole)
	e.bool(f.Shows)
	encodeList(e, f.Images, func(m *Image) {
		e.string(m.Src)
		e.int(int64(m.Width))
		e.int(int64(m.Height))
		e.bool(m.Sized)
		e.bool(m.NoAlt)
		e.bool(m.Chosen)
	})
	e.strings(f.Sheets)
}

func (d *decoder) facts() *Facts {
	if !d.bool() {
		return nil
	}
	f := new(Facts)
	f.Title = d.string()
	f.Lang = d.string()
	f.IDs = d.strings()
	f.Links = decodeList(d, func(l *Link) {
		l.Element = d.string()
		l.Attribute = d.string()
		l.URL = d.string()
		l.Rel = d.string()
	})
	f.Refresh = d.string()
	f.Uses = decodeList(d, func(u *Use) {
		u.Directive = d.string()
		u.Source = d.string()
		u.Address = d.string()
		u.Inline = d.string()
		u.Element = d.string()
		u.Attribute = d.string()
	})
	f.Base = d.string()
	f.Whole = d.bool()
	f.Shows = d.bool()
	f.Images = decodeList(d, func(m *Image) {
		m.Src = d.string()
		m.Width = int(d.int())
		m.Height = int(d.int())
		m.Sized = d.bool()
		m.NoAlt = d.bool()
		m.Chosen = d.bool()
	})
	f.Sheets = d.strings()
	return f
}

func (e *encoder) faults(list []Fault) {
	encodeList(e, list, func(x *Fault) {
		e.string(x.Rule)
		e.int(int64(x.Severity))
		e.string(x.Cause)
		e.string(x.Message)
		e.string(x.Hint)
		e.int(int64(x.Subject))
		e.strings(x.Texts)
		e.strings(x.Needles)
		e.int(int64(x.Nth))
		e.int(int64(x.More))
	})
}

func (d *decoder) faults() []Fault {
	return decodeList(d, func(x *Fault) {
		x.Rule = d.string()
		x.Severity = Severity(d.int())
		x.Cause = d.string()
		x.Message = d.string()
		x.Hint = d.string()
		x.Subject = Subject(d.int())
		x.Texts = d.strings()
		x.Needles = d.strings()
		x.Nth = int(d.int())
		x.More = int(d.int())
	})
}

func (e *encoder) problems(list []Problem) {
	encodeList(e, list, func(p *Problem) {
		e.string(p.File)
		e.int(int64(p.Line))
		e.int(int64(p.Column))
		e.int(int64(p.Severity))
		e.string(p.Rule)
		e.string(p.Message)
		e.string(p.Hint)
	})
}

func (d *decoder) problems() []Problem {
	return decodeList(d, func(p *Problem) {
		p.File = d.string()
		p.Line = int(d.int())
		p.Column = int(d.int())
		p.Severity = Severity(d.int())
		p.Rule = d.string()
		p.Message = d.string()
		p.Hint = d.string()
	})
}
