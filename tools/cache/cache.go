// Package cache keeps results between builds, by what they depend on.
//
// What enters: a directory, and values under keys that the caller makes of all
// that a value depends on; see [Sum]. What leaves: the same bytes for the same
// key, or nothing. It never returns bytes that were not put under that key by a
// whole write: each entry carries a sum of its kind, key and bytes. It never
// fails a build: what cannot be read is dropped, what cannot be written is not
// kept, and Close says both.
//
// # Format
//
// A store is a directory of packs. A process writes one new pack, under a
// temporary name, and renames it when it closes the store; no pack is ever
// changed after that, so any number of processes may use one store, and a kill
// at any moment loses no more than what its own process would have added.
//
//	pack    = head entry* index tail
//	head    = 16 bytes that name the format
//	entry   = kind(1) stamp(4) length(4) key(32) sum(8) bytes
//	index   = kind(1) stamp(4) length(4) key(32) offset(8), for each entry
//	tail    = offset of the index(8) entries(8) sum of the index(8)
//
// Stamp is the day on which an entry was last wanted. One that is wanted and
// has an old stamp is written again. When there are too many packs, or too many
// bytes, all are made into one, newest entries first, up to the limit.
package cache

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/cespare/xxhash/v2"
)

// A Key names a value by all that it depends on.
type Key [32]byte

// A Kind is a kind of values, for figures and limits.
type Kind uint8

const (
	head       = "duskpress pack 1"
	entryHead  = 1 + 4 + 4 + 32 + 8
	indexEntry = 1 + 4 + 4 + 32 + 8
	tailSize   = 24
	ending     = ".pack"
	unfinished = "new-"
	// mostPacks is how many there may be before they are made into one.
	mostPacks = 12
	// DefaultLimit is how many bytes a store may have.
	DefaultLimit = 1 << 30
	// refresh is after how many days a wanted entry gets a new stamp.
	refresh = 3
	// abandoned is how old an unfinished pack must be to be removed: its process
	// may still be writing it.
	abandoned = 24 * time.Hour
)

// Options are those of a store.
type Options struct {
	Dir   string
	Limit int64 // in bytes; 0 is DefaultLimit
	Log   *slog.Logger
}

// A Store is open from Open to Close. It may be used by several goroutines. A
// nil Store holds nothing and keeps nothing.
type Store struct {
	opts  Options
	today uint32

	mu      sync.RWMutex
	at      map[slot]place
	packs   []*pack
	damaged map[string]int // pack's name: what is wrong with it, counted
	notes   []string

	out    *pack // what this process adds
	buf    *bufio.Writer
	offset int64
	added  []indexed
	failed error // why nothing more is written

	hits, misses [256]atomic.Int64
}

type slot struct {
	kind Kind
	key  Key
}

type place struct {
	pack   *pack
	offset int64 // of the value
	length uint32
	stamp  uint32
}

type indexed struct {
	slot
	offset int64
	length uint32
	stamp  uint32
}

type pack struct {
	name string
	file *os.File
	size int64
}

// Open opens the store in a directory, which need not exist.
func Open(o Options) *Store {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Limit <= 0 {
		o.Limit = DefaultLimit
	}
	s := &Store{opts: o, today: uint32(time.Now().Unix() / 86400), at: make(map[slot]place), damaged: make(map[string]int)}
	list, err := os.ReadDir(o.Dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.note("the cache cannot be read: %v", err)
	}
	for _, d := range list {
		name := d.Name()
		switch {
		case strings.HasSuffix(name, ending):
			s.load(name)
		case strings.HasPrefix(name, unfinished):
			if info, err := d.Info(); err == nil && time.Since(info.ModTime()) > abandoned {
				_ = os.Remove(filepath.Join(o.Dir, name))
			}
		}
	}
	return s
}

func (s *Store) note(format string, args ...any) {
	s.notes = append(s.notes, fmt.Sprintf(format, args...))
}

// load reads the index of one pack. A pack that has none that can be trusted is
// left alone and removed at the end.
func (s *Store) load(name string) {
	f, err := os.Open(filepath.Join(s.opts.Dir, name))
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) { // another process has made it part of another
			s.note("the cache's %s cannot be opened: %v", name, err)
		}
		return
	}
	p := &pack{name: name, file: f}
	list, err := readIndex(p)
	if err != nil {
		s.damaged[name]++
		s.note("the cache's %s is dropped: %v", name, err)
		f.Close()
		return
	}
	s.packs = append(s.packs, p)
	for _, e := range list {
		if before, ok := s.at[e.slot]; !ok || before.stamp < e.stamp {
			s.at[e.slot] = place{p, e.offset, e.length, e.stamp}
		}
	}
}

func readIndex(p *pack) ([]indexed, error) {
	info, err := p.file.Stat()
	if err != nil {
		return nil, err
	}
	p.size = info.Size()
	if p.size < int64(len(head)+tailSize) {
		return nil, errors.New("it is too short")
	}
	var first [len(head)]byte
	if _, err := p.file.ReadAt(first[:], 0); err != nil {
		return nil, err
	}
	if string(first[:]) != head {
		return nil, errors.New("it is of another version, or no part of a cache")
	}
	var tail [tailSize]byte
	if _, err := p.file.ReadAt(tail[:], p.size-tailSize); err != nil {
		return nil, err
	}
	at, count := int64(binary.LittleEndian.Uint64(tail[:])), binary.LittleEndian.Uint64(tail[8:])
	if at < int64(len(head)) || at > p.size-tailSize || count > uint64(p.size)/indexEntry || int64(count)*indexEntry != p.size-tailSize-at {
		return nil, errors.New("it is torn or damaged")
	}
	data := make([]byte, count*indexEntry)
	if _, err := p.file.ReadAt(data, at); err != nil {
		return nil, err
	}
	if xxhash.Sum64(data) != binary.LittleEndian.Uint64(tail[16:]) {
		return nil, errors.New("its index is damaged")
	}
	list := make([]indexed, count)
	for i := range list {
		b := data[i*indexEntry:]
		e := &list[i]
		e.kind, e.stamp, e.length = Kind(b[0]), binary.LittleEndian.Uint32(b[1:]), binary.LittleEndian.Uint32(b[5:])
		copy(e.key[:], b[9:])
		e.offset = int64(binary.LittleEndian.Uint64(b[41:]))
		if e.offset < int64(len(head)) || e.offset+entryHead+int64(e.length) > at {
			return nil, errors.New("its index is wrong")
		}
	}
	return list, nil
}

// sum is that of an entry: of its bytes, and of what they are said to be.
func sum(kind Kind, key Key, value []byte) uint64 {
	d := xxhash.New()
	_, _ = d.Write(append(key[:], byte(kind)))
	_, _ = d.Write(value)
	return d.Sum64()
}

// Get returns what was put under a key.
func (s *Store) Get(kind Kind, key Key) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	value, ok := s.get(slot{kind, key})
	if ok {
		s.hits[kind].Add(1)
	} else {
		s.misses[kind].Add(1)
	}
	return value, ok
}

// Again is Get, for a value whose first question was counted already.
func (s *Store) Again(kind Kind, key Key) ([]byte, bool) {
	if s == nil {
		return nil, false
	}
	return s.get(slot{kind, key})
}

// Has reports whether there seems to be a value; it may turn out to be damaged.
func (s *Store) Has(kind Kind, key Key) bool {
	if s == nil {
		return false
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	_, ok := s.at[slot{kind, key}]
	return ok
}

func (s *Store) get(k slot) ([]byte, bool) {
	s.mu.RLock()
	at, ok := s.at[k]
	s.mu.RUnlock()
	if !ok {
		return nil, false
	}
	if at.pack == s.out { // not all of it is in the file yet
		s.mu.Lock()
		err := s.buf.Flush()
		s.mu.Unlock()
		if err != nil {
			return nil, false
		}
	}
	value, err := at.read(k)
	if err != nil {
		s.mu.Lock()
		s.damaged[at.pack.name]++
		delete(s.at, k)
		s.mu.Unlock()
		return nil, false
	}
	if at.pack != s.out && s.today-at.stamp >= refresh && s.today > at.stamp {
		s.put(k, value)
	}
	return value, true
}

var errDamaged = errors.New("damaged")

// read reads an entry and compares all that it says of itself.
func (at place) read(k slot) ([]byte, error) {
	b := make([]byte, entryHead+int(at.length))
	if _, err := at.pack.file.ReadAt(b, at.offset); err != nil {
		return nil, err
	}
	value := b[entryHead:]
	if Kind(b[0]) != k.kind || binary.LittleEndian.Uint32(b[5:]) != at.length || Key(b[9:41]) != k.key ||
		binary.LittleEndian.Uint64(b[41:]) != sum(k.kind, k.key, value) {
		return nil, errDamaged
	}
	return value, nil
}

// Put keeps a value. The key must hold all that it depends on.
func (s *Store) Put(kind Kind, key Key, value []byte) {
	if s != nil && int64(len(value)) < s.opts.Limit/8 {
		s.put(slot{kind, key}, value)
	}
}

func (s *Store) put(k slot, value []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if at, ok := s.at[k]; ok && (at.pack == s.out || s.today-at.stamp < refresh) || s.failed != nil {
		return
	}
	if s.out == nil {
		if s.failed = s.create(); s.failed != nil {
			return
		}
	}
	at := s.offset
	if s.failed = s.write(k, s.today, value); s.failed != nil {
		return
	}
	s.at[k] = place{s.out, at, uint32(len(value)), s.today}
}

// create begins the pack of this process.
func (s *Store) create() error {
	if err := os.MkdirAll(s.opts.Dir, 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(s.opts.Dir, unfinished)
	if err != nil {
		return err
	}
	s.out, s.buf = &pack{name: filepath.Base(f.Name()), file: f}, bufio.NewWriterSize(f, 1<<18)
	s.added, s.offset = nil, int64(len(head))
	_, err = s.buf.WriteString(head)
	return err
}

// write adds an entry to the pack of this process.
func (s *Store) write(k slot, stamp uint32, value []byte) error {
	var h [entryHead]byte
	h[0] = byte(k.kind)
	binary.LittleEndian.PutUint32(h[1:], stamp)
	binary.LittleEndian.PutUint32(h[5:], uint32(len(value)))
	copy(h[9:], k.key[:])
	binary.LittleEndian.PutUint64(h[41:], sum(k.kind, k.key, value))
	if _, err := s.buf.Write(h[:]); err != nil {
		return err
	}
	if _, err := s.buf.Write(value); err != nil {
		return err
	}
	s.added = append(s.added, indexed{k, s.offset, uint32(len(value)), stamp})
	s.offset += entryHead + int64(len(value))
	return nil
}

// Close finishes what this process added, and keeps the store within its limit.
// It returns what there is to say, as sentences.
func (s *Store) Close() []string {
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failed == nil {
		s.failed = s.compact()
	}
	if s.failed == nil && s.out != nil {
		s.failed = s.finish()
	}
	if s.failed != nil {
		s.note("the cache could not be written, so the next build begins without what this one made: %v", s.failed)
	}
	for _, p := range append(s.packs, s.out) {
		if p != nil {
			_ = p.file.Close()
		}
	}
	if s.failed != nil && s.out != nil {
		_ = os.Remove(filepath.Join(s.opts.Dir, s.out.name))
	}
	for _, name := range s.damagedNames() {
		if s.out == nil || name != s.out.name {
			_ = os.Remove(filepath.Join(s.opts.Dir, name))
		}
	}
	if n := s.spoiled(); n > 0 {
		s.note("%d results in the cache were damaged; they were made again", n)
	}
	// A build that was left behind may go on for a moment.
	s.packs, s.out, s.at, s.failed = nil, nil, nil, errors.New("closed")
	return s.notes
}

func (s *Store) damagedNames() []string {
	var names []string
	for name := range s.damaged {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// spoiled counts damaged entries of packs whose index was good.
func (s *Store) spoiled() int {
	n := 0
	for _, p := range s.packs {
		n += s.damaged[p.name]
	}
	return n
}

// finish writes the index and gives the pack its name.
func (s *Store) finish() error {
	if len(s.added) == 0 {
		return nil
	}
	index := make([]byte, 0, len(s.added)*indexEntry+tailSize)
	for _, e := range s.added {
		index = append(index, byte(e.kind))
		index = binary.LittleEndian.AppendUint32(index, e.stamp)
		index = binary.LittleEndian.AppendUint32(index, e.length)
		index = append(index, e.key[:]...)
		index = binary.LittleEndian.AppendUint64(index, uint64(e.offset))
	}
	check := xxhash.Sum64(index)
	index = binary.LittleEndian.AppendUint64(index, uint64(s.offset))
	index = binary.LittleEndian.AppendUint64(index, uint64(len(s.added)))
	index = binary.LittleEndian.AppendUint64(index, check)
	if _, err := s.buf.Write(index); err != nil {
		return err
	}
	if err := s.buf.Flush(); err != nil {
		return err
	}
	old := filepath.Join(s.opts.Dir, s.out.name)
	s.out.name = strings.TrimPrefix(s.out.name, unfinished) + ending
	if err := os.Rename(old, filepath.Join(s.opts.Dir, s.out.name)); err != nil {
		s.out.name = filepath.Base(old)
		return err
	}
	return nil
}

// compact makes one pack of all if there are too many, too many bytes, or some
// are damaged. Entries wanted lately come first; what is beyond the limit goes.
func (s *Store) compact() error {
	total := s.offset + int64(len(s.added))*indexEntry + tailSize
	for _, p := range s.packs {
		total += p.size
	}
	if total <= s.opts.Limit && len(s.packs) < mostPacks && s.spoiled() == 0 {
		return nil
	}
	type candidate struct {
		slot
		place
	}
	room := s.opts.Limit * 3 / 4 // so that the next build need not do this again
	var list []candidate
	for k, at := range s.at {
		if at.pack == s.out {
			room -= entryHead + indexEntry + int64(at.length)
		} else {
			list = append(list, candidate{k, at})
		}
	}
	slices.SortFunc(list, func(a, b candidate) int {
		if a.stamp != b.stamp {
			return int(b.stamp) - int(a.stamp)
		}
		if a.pack != b.pack {
			return strings.Compare(a.pack.name, b.pack.name)
		}
		return int(a.offset - b.offset)
	})
	if s.out == nil && len(list) > 0 {
		if err := s.create(); err != nil {
			return err
		}
	}
	for _, c := range list {
		if room -= entryHead + indexEntry + int64(c.length); room < 0 {
			break
		}
		value, err := c.read(c.slot)
		if err != nil {
			s.damaged[c.pack.name]++
			continue
		}
		if err := s.write(c.slot, c.stamp, value); err != nil {
			return err
		}
	}
	if s.out != nil {
		if err := s.finish(); err != nil {
			return err
		}
		s.added = nil
	}
	for _, p := range s.packs {
		_ = os.Remove(filepath.Join(s.opts.Dir, p.name))
	}
	return nil
}
