package cache

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const testKind Kind = 7

func key(n int) Key { return Sum("test").Int(int64(n)).Key() }

func value(n int) []byte {
	r := rand.New(rand.NewPCG(uint64(n), 1))
	b := make([]byte, 20+n%300)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// fill puts values in a store and closes it.
func fill(t *testing.T, dir string, from, to int) {
	t.Helper()
	s := Open(Options{Dir: dir})
	for n := from; n < to; n++ {
		s.Put(testKind, key(n), value(n))
	}
	if notes := s.Close(); len(notes) > 0 {
		t.Fatalf("notes: %q", notes)
	}
}

// count looks every value up: each must be right or missing.
func count(t *testing.T, dir string, from, to int) (found int, notes []string) {
	t.Helper()
	s := Open(Options{Dir: dir})
	for n := from; n < to; n++ {
		if got, ok := s.Get(testKind, key(n)); ok {
			found++
			if !bytes.Equal(got, value(n)) {
				t.Errorf("value %d is wrong", n)
			}
		}
	}
	return found, s.Close()
}

func packsOf(t *testing.T, dir string) []string {
	t.Helper()
	list, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return list
}

func TestKeepsBetweenBuilds(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	fill(t, dir, 0, 100)
	fill(t, dir, 100, 200)
	if n, notes := count(t, dir, 0, 250); n != 200 || len(notes) > 0 {
		t.Errorf("%d found, %q", n, notes)
	}
	s := Open(Options{Dir: dir})
	defer s.Close()
	if _, ok := s.Get(testKind+1, key(1)); ok {
		t.Error("a value of another kind was found")
	}
	s.Put(testKind, key(1), []byte("new")) // the same key means the same value
	if v, ok := s.Get(testKind, key(1)); !ok || !bytes.Equal(v, value(1)) {
		t.Error("a value was replaced")
	}
	s.Put(testKind, key(900), value(900))
	if v, ok := s.Get(testKind, key(900)); !ok || !bytes.Equal(v, value(900)) {
		t.Error("a value of this run is not there")
	}
	for _, f := range s.Figures() {
		if f.Kind == testKind && (f.Hits != 2 || f.Misses != 0) {
			t.Errorf("figures: %+v", f)
		}
	}
}

func TestNil(t *testing.T) {
	var s *Store
	s.Put(testKind, key(1), nil)
	if _, ok := s.Get(testKind, key(1)); ok || s.Close() != nil || s.Figures() != nil || s.Bytes() != 0 {
		t.Error("a nil store has something")
	}
}

// TestDamage flips each byte of a pack in turn, and cuts it at each length: no
// wrong value may come out, something must be said whenever one is missing that
// was asked for, and the next build must find a whole cache again.
func TestDamage(t *testing.T) {
	origin := filepath.Join(t.TempDir(), "o")
	fill(t, origin, 0, 6)
	whole, err := os.ReadFile(packsOf(t, origin)[0])
	if err != nil {
		t.Fatal(err)
	}
	try := func(name string, data []byte) {
		dir := filepath.Join(t.TempDir(), "c")
		if err := os.MkdirAll(dir, 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "1.pack"), data, 0o666); err != nil {
			t.Fatal(err)
		}
		n, notes := count(t, dir, 0, 6)
		if n < 6 && len(notes) == 0 {
			t.Errorf("%s: %d of 6 are there, and nothing is said", name, n)
		}
		fill(t, dir, 0, 6)
		if n, notes := count(t, dir, 0, 6); n != 6 || len(notes) > 0 {
			t.Errorf("%s: after the next build %d of 6 are there, %q", name, n, notes)
		}
	}
	for i := range whole {
		if testing.Short() && i%7 > 0 {
			continue
		}
		data := bytes.Clone(whole)
		data[i] ^= 1 << (i % 8)
		try(fmt.Sprintf("bit of byte %d", i), data)
	}
	for i := 0; i < len(whole); i += 1 + i%13 {
		try(fmt.Sprintf("cut at %d", i), whole[:i])
	}
	try("another version", append([]byte("duskpress pack 9"), whole[len(head):]...))
	try("something else", bytes.Repeat([]byte("x"), 5000))
	try("longer", append(bytes.Clone(whole), "tail"...))
}

// TestKill leaves what a killed process leaves: a pack that was never finished.
func TestKill(t *testing.T) {
	dir := t.TempDir()
	fill(t, dir, 0, 10)
	s := Open(Options{Dir: dir})
	for n := 10; n < 20; n++ {
		s.Put(testKind, key(n), value(n))
	}
	s.buf.Flush() // and no Close
	if n, notes := count(t, dir, 0, 20); n != 10 || len(notes) > 0 {
		t.Errorf("%d found, %q", n, notes)
	}
	if n := s.Close(); n != nil {
		t.Errorf("%q", n)
	}
	if n, _ := count(t, dir, 0, 20); n != 20 {
		t.Errorf("%d found", n)
	}
}

// TestTwoProcesses has two stores open at once, one of which makes all packs one
// while the other reads.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	for i := range mostPacks - 1 {
		fill(t, dir, i*10, i*10+10)
	}
	n := (mostPacks - 1) * 10
	a, b := Open(Options{Dir: dir}), Open(Options{Dir: dir})
	a.Put(testKind, key(n), value(n))
	b.Put(testKind, key(n+1), value(n+1))
	fill(t, dir, n+2, n+3)
	if notes := a.Close(); notes != nil {
		t.Errorf("%q", notes)
	}
	for i := range n {
		if v, ok := b.Get(testKind, key(i)); !ok || !bytes.Equal(v, value(i)) {
			t.Fatalf("%d is not there any more", i)
		}
	}
	if notes := b.Close(); notes != nil {
		t.Errorf("%q", notes)
	}
	if found, notes := count(t, dir, 0, n+3); found != n+3 || notes != nil {
		t.Errorf("%d of %d, %q", found, n+3, notes)
	}
	if list := packsOf(t, dir); len(list) > mostPacks {
		t.Errorf("%d packs", len(list))
	}
}

// TestLimit has values of ten days, of which the third day's are wanted on every
// day: they and the newest stay.
func TestLimit(t *testing.T) {
	dir := t.TempDir()
	const each, limit = 50, 60_000
	for day := range 10 {
		s := Open(Options{Dir: dir, Limit: limit})
		s.today = uint32(1000 + 5*day)
		for n := range each {
			s.Put(testKind, key(day*each+n), value(day*each+n))
		}
		for n := 2 * each; n < 3*each && day > 2; n++ {
			if _, ok := s.Get(testKind, key(n)); !ok {
				t.Errorf("day %d: %d is gone, though it is wanted every day", day, n)
			}
		}
		if notes := s.Close(); notes != nil {
			t.Fatal(notes)
		}
		var size int64
		for _, name := range packsOf(t, dir) {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			size += info.Size()
		}
		if size > limit {
			t.Errorf("day %d: %d bytes", day, size)
		}
	}
	s := Open(Options{Dir: dir})
	defer s.Close()
	for _, c := range []struct{ from, want int }{{0, 0}, {2 * each, each}, {9 * each, each}} {
		n := 0
		for i := c.from; i < c.from+each; i++ {
			if _, ok := s.Get(testKind, key(i)); ok {
				n++
			}
		}
		if n != c.want {
			t.Errorf("from %d: %d are there, want %d", c.from, n, c.want)
		}
	}
}

// TestUnwritable says why nothing is kept, and keeps what is there.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	s := Open(Options{Dir: filepath.Join(file, "cache")})
	s.Put(testKind, key(1), value(1))
	if _, ok := s.Get(testKind, key(1)); ok {
		t.Error("a value is there")
	}
	if notes := strings.Join(s.Close(), "\n"); !strings.Contains(notes, "could not be written") {
		t.Errorf("notes: %q", notes)
	}
	// A disk that is full in the middle of a pack.
	dir := t.TempDir()
	fill(t, dir, 0, 5)
	s = Open(Options{Dir: dir})
	s.Put(testKind, key(10), value(10))
	s.out.file.Close()
	for n := 11; n < 5000; n++ {
		s.Put(testKind, key(n), value(n))
	}
	if notes := strings.Join(s.Close(), "\n"); !strings.Contains(notes, "could not be written") {
		t.Errorf("notes: %q", notes)
	}
	if n, notes := count(t, dir, 0, 5000); n != 5 || notes != nil {
		t.Errorf("%d are there, %q", n, notes)
	}
	if list := packsOf(t, dir); len(list) != 1 {
		t.Errorf("left: %q", list)
	}
}

// TestSum tells lists of parts apart that make one text.
func TestSum(t *testing.T) {
	seen := make(map[Key]string)
	for name, k := range map[string]Key{
		"ab, c":  Sum("ab", "c").Key(),
		"a, bc":  Sum("a", "bc").Key(),
		"abc":    Sum("abc").Key(),
		"abc, ":  Sum("abc", "").Key(),
		"1":      Sum().Int(1).Key(),
		"1, 0":   Sum().Int(1, 0).Key(),
		"true":   Sum().Bool(true, true).Key(),
		"bytes":  Sum().Bytes([]byte("x")).Int(1).Key(),
		"bytes2": Sum().Bytes([]byte("x1")).Key(),
	} {
		if other, ok := seen[k]; ok {
			t.Errorf("%s and %s have one key", name, other)
		}
		seen[k] = name
	}
	if first, again := Sum("a").Key(), Sum("a").Key(); first != again {
		t.Error("a key is not the same twice")
	}
}
