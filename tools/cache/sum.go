package cache

import (
	"crypto/sha256"
	"encoding/binary"
	"hash"
	"sync"
)

// A Summer makes a key of parts, each with its length, so that no two lists of
// parts have one key.
type Summer struct {
	h   hash.Hash
	buf []byte
}

var summers = sync.Pool{New: func() any { return &Summer{h: sha256.New()} }}

// Sum begins a key.
func Sum(parts ...string) *Summer {
	s := summers.Get().(*Summer)
	s.h.Reset()
	return s.String(parts...)
}

// String adds texts.
func (s *Summer) String(parts ...string) *Summer {
	for _, p := range parts {
		s.buf = append(binary.LittleEndian.AppendUint64(s.buf[:0], uint64(len(p))), p...)
		s.h.Write(s.buf)
	}
	return s
}

// Bytes adds bytes.
func (s *Summer) Bytes(b []byte) *Summer {
	s.buf = binary.LittleEndian.AppendUint64(s.buf[:0], uint64(len(b)))
	s.h.Write(s.buf)
	s.h.Write(b)
	return s
}

// Int adds numbers.
func (s *Summer) Int(list ...int64) *Summer {
	for _, n := range list {
		s.buf = binary.LittleEndian.AppendUint64(s.buf[:0], uint64(n))
		s.h.Write(s.buf)
	}
	return s
}

// Bool adds truths.
func (s *Summer) Bool(list ...bool) *Summer {
	for _, b := range list {
		n := int64(0)
		if b {
			n = 1
		}
		s.Int(n)
	}
	return s
}

// Key ends it; the Summer must not be used again.
func (s *Summer) Key() Key {
	var k Key
	s.h.Sum(k[:0])
	summers.Put(s)
	return k
}
