package deploy

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"
)

func writeSite(t testing.TB, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var tiny = map[string]string{"index.html": "home", "404.html": "none", "a/b.txt": "b"}

func frozen(t testing.TB, o FreezeOptions) *Manifest {
	t.Helper()
	m, err := Freeze(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { m.Close() })
	return m
}

func TestFingerprint(t *testing.T) {
	print := func(files map[string]string, site, target string) string {
		return frozen(t, FreezeOptions{Dir: writeSite(t, files), Site: site, Target: target}).Fingerprint
	}
	want := print(tiny, "s", "production")
	if got := print(tiny, "s", "production"); got != want {
		t.Error("the same site in another directory has another fingerprint")
	}
	moved := map[string]string{"index.html": "home", "404.html": "none", "a/c.txt": "b"}
	changed := map[string]string{"index.html": "home", "404.html": "none", "a/b.txt": "B"}
	for what, got := range map[string]string{"site": print(tiny, "t", "production"), "target": print(tiny, "s", "draft"), "name": print(moved, "s", "production"), "content": print(changed, "s", "production")} {
		if got == want {
			t.Errorf("another %s has the same fingerprint", what)
		}
	}
	m := frozen(t, FreezeOptions{Dir: writeSite(t, tiny), Site: "s", Target: "production"})
	var build struct {
		Fingerprint string
		Files       int
	}
	if err := json.Unmarshal(m.Files[BuildFile].data, &build); err != nil || build.Fingerprint != want || build.Files != 3 {
		t.Errorf("%v %+v", err, build)
	}
}

// TestOpen reads files of sizes around the edges of the buffer, in pieces, and
// then the same files after they were changed: never all of their bytes come
// out.
func TestOpen(t *testing.T) {
	sizes := []int{0, 1, 2, int(chunk) - 1, int(chunk), int(chunk) + 1, int(chunk) + 2, 2 * int(chunk), 3*int(chunk) + 7}
	files := map[string]string{"index.html": "x", "404.html": "y"}
	for _, n := range sizes {
		files[fmt.Sprintf("f%d", n)] = strings.Repeat("abcdefg", n/7+1)[:n]
	}
	dir := writeSite(t, files)
	m := frozen(t, FreezeOptions{Dir: dir})
	read := func(name string, wrap func(io.Reader) io.Reader) ([]byte, error) {
		r, err := m.Open(name)
		if err != nil {
			return nil, err
		}
		defer r.Close()
		return io.ReadAll(wrap(r))
	}
	whole := func(r io.Reader) io.Reader { return r }
	for name, want := range files {
		for _, wrap := range []func(io.Reader) io.Reader{whole, iotest.OneByteReader, iotest.HalfReader} {
			if got, err := read(name, wrap); err != nil || string(got) != want {
				t.Fatalf("%s: %v, %d bytes of %d", name, err, len(got), len(want))
			}
		}
		r, err := m.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		if err := iotest.TestReader(r, []byte(want)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		r.Close()
	}
	for name, want := range files {
		for how, text := range map[string]string{"last byte": want[:max(len(want)-1, 0)] + "Z", "longer": want + "more", "shorter": want[:len(want)/2], "first byte": "Z" + want[min(1, len(want)):]} {
			if text == want {
				continue
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o666); err != nil {
				t.Fatal(err)
			}
			got, err := read(name, whole)
			if !errors.Is(err, errChanged) {
				t.Errorf("%s, %s: %v", name, how, err)
			}
			if len(got) >= len(want) && len(want) > 0 {
				t.Errorf("%s, %s: %d bytes of %d came out", name, how, len(got), len(want))
			}
		}
	}
}

func TestFreezeRefuses(t *testing.T) {
	with := func(name string) map[string]string {
		m := map[string]string{name: "x"}
		for k, v := range tiny {
			m[k] = v
		}
		return m
	}
	for name, words := range map[string]string{"a#b": "# or ?", "a?b": "# or ?", "A/B.TXT": "letter case", BuildFile: "already"} {
		_, err := Freeze(t.Context(), FreezeOptions{Dir: writeSite(t, with(name))})
		var e *Ending
		if !errors.As(err, &e) || e.Exit != BadInput || !strings.Contains(e.Message, words) {
			t.Errorf("%s: %v", name, err)
		}
	}
	m := frozen(t, FreezeOptions{Dir: writeSite(t, with(".env")), Own: func(string) bool { return false }})
	if _, ok := m.Files[".env"]; ok || !slices.Equal(m.Skipped, []string{".env"}) {
		t.Errorf("%v", m.Skipped)
	}
	m = frozen(t, FreezeOptions{Dir: writeSite(t, with(".well-known/x")), Own: func(name string) bool { return name == ".well-known" }})
	if _, ok := m.Files[".well-known/x"]; !ok {
		t.Error(".well-known is missing")
	}
}

// TestJournalTorn cuts a journal at every byte: what is read is the entries of
// its whole lines, and what is written then can be read.
func TestJournalTorn(t *testing.T) {
	state := t.TempDir()
	j, err := OpenJournal(state)
	if err != nil {
		t.Fatal(err)
	}
	for i := range 3 {
		if err := j.Write(Entry{Do: "upload", What: intent, Fingerprint: "f", ID: fmt.Sprint("d", i), Note: "line\nbreak \"quote\""}); err != nil {
			t.Fatal(err)
		}
	}
	j.Close()
	data, err := os.ReadFile(filepath.Join(state, JournalName))
	if err != nil {
		t.Fatal(err)
	}
	for cut := range len(data) + 1 {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, JournalName), data[:cut], 0o666); err != nil {
			t.Fatal(err)
		}
		j, err := OpenJournal(dir)
		if err != nil {
			t.Fatal(err)
		}
		if err := j.Write(Entry{Do: "end", What: result}); err != nil {
			t.Fatal(err)
		}
		j.Close()
		entries, err := ReadJournal(dir)
		if want := bytes.Count(data[:cut], []byte("\n")) + 1; err != nil || len(entries) != want || entries[want-1].Do != "end" {
			t.Fatalf("cut at %d: %v, %d entries, want %d", cut, err, len(entries), want)
		}
	}
}

func TestKnown(t *testing.T) {
	list := []Entry{
		{Do: "create", What: intent, Fingerprint: "f"}, {Do: "create", What: result, Fingerprint: "f", ID: "one"},
		{Do: "wait", What: result, Fingerprint: "f", ID: "one", State: "failed"},
		{Do: "create", What: intent, Fingerprint: "f"}, {Do: "create", What: result, Fingerprint: "f", ID: "two"},
		{Do: "create", What: intent, Fingerprint: "g"},
	}
	if ids, open := known(list, "f"); !slices.Equal(ids, []string{"two"}) || open {
		t.Errorf("%v %v", ids, open)
	}
	if ids, open := known(list, "g"); len(ids) > 0 || !open {
		t.Errorf("%v %v", ids, open)
	}
	lost := append(list, Entry{Do: "create", What: result, Fingerprint: "g", Error: lostWords})
	if _, open := known(lost, "g"); !open {
		t.Error("a lost answer is no answer")
	}
	answered := append(list, Entry{Do: "create", What: result, Fingerprint: "g", Error: "422"})
	if _, open := known(answered, "g"); open {
		t.Error("a refusal is an answer")
	}
}

func TestReaderPath(t *testing.T) {
	for name, want := range map[string]string{
		"index.html": "/", "a/index.html": "/a/", "a/b.html": "/a/b.html", "a b/c (1).txt": "/a%20b/c%20%281%29.txt",
		"ä/%41.txt": "/%C3%A4/%2541.txt", "index.html/x": "/index.html/x", "myindex.html": "/myindex.html",
	} {
		if got := readerPath(name); got != want {
			t.Errorf("%s: %s, want %s", name, got, want)
		}
	}
}

func TestPlan(t *testing.T) {
	m := frozen(t, FreezeOptions{Dir: writeSite(t, tiny)})
	p := makePlan(m, []Remote{{Path: "index.html", SHA1: m.Files["index.html"].SHA1}, {Path: "404.html", SHA1: "other"}, {Path: "old.txt", SHA1: m.Files["a/b.txt"].SHA1}})
	if !slices.Equal(p.New, []string{"a/b.txt", BuildFile}) || !slices.Equal(p.Changed, []string{"404.html"}) || !slices.Equal(p.Gone, []string{"old.txt"}) || p.Same != 1 || p.Upload != 2 {
		t.Errorf("%+v", p)
	}
	for gone, want := range map[int]bool{0: false, 25: false, 26: true, 100: true} {
		if got := (&Plan{Live: 100, Gone: make([]string, gone)}).shrinks(); got != want {
			t.Errorf("%d of 100 gone: %v", gone, got)
		}
	}
}

func TestPace(t *testing.T) {
	p := &Pace{Haste: 100, Jitter: func(d time.Duration) time.Duration { return d }}
	for n, want := range []time.Duration{500 * time.Millisecond, time.Second, 2 * time.Second, 4 * time.Second, 8 * time.Second, 16 * time.Second, 20 * time.Second, 20 * time.Second} {
		if got := p.backoff(n); got != want {
			t.Errorf("wait %d: %v, want %v", n, got, want)
		}
	}
	begin := time.Now()
	if err := p.Sleep(t.Context(), 10*time.Second); err != nil || time.Since(begin) > 5*time.Second || p.Since() < 10*time.Second {
		t.Errorf("%v after %v, %v of the pace", err, time.Since(begin), p.Since())
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := p.Sleep(ctx, time.Hour); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if p.Real(time.Hour) != 36*time.Second || p.Real(time.Minute) != busy || (&Pace{}).Real(time.Second) != time.Second {
		t.Error(p.Real(time.Hour), p.Real(time.Minute))
	}
	usual := &Pace{}
	usual.init()
	for range 1000 {
		if d := usual.Jitter(time.Second); d < time.Second || d > 1200*time.Millisecond {
			t.Fatal(d)
		}
	}
}

// TestReceipts writes receipts under a clock that jumps: their order is that of
// their writing.
func TestReceipts(t *testing.T) {
	state := t.TempDir()
	for i := range keptReceipts + 5 {
		r := &Receipt{ID: fmt.Sprintf("d%03d", i), Host: "h", Site: "s", Target: "production", Verified: time.Unix(int64(i*7919%1000), 0), Files: map[string]File{"a": {SHA1: "x"}}}
		if err := writeReceipt(state, r); err != nil {
			t.Fatal(err)
		}
	}
	all, err := Heads(state)
	if err != nil || len(all) != keptReceipts || all[0].ID != "d054" || all[0].Files != nil {
		t.Fatalf("%v, %d", err, len(all))
	}
	if r, err := lastVerified(state, "h", "s", "production", "d054"); err != nil || r.ID != "d053" || r.Files["a"].Path != "a" {
		t.Errorf("%v %v", r, err)
	}
	if err := writeReceipt(state, &Receipt{ID: "../x"}); err == nil {
		t.Error("an id that leaves the directory was written")
	}
	if err := os.WriteFile(receiptFile(state, "damaged"), []byte("{"), 0o666); err != nil {
		t.Fatal(err)
	}
	if all, err := Heads(state); err != nil || len(all) != keptReceipts {
		t.Errorf("%v, %d", err, len(all))
	}
	// One that is cut after its head: the one before it counts.
	data, err := os.ReadFile(receiptFile(state, "d054"))
	if err == nil {
		err = os.WriteFile(receiptFile(state, "d054"), data[:len(data)-10], 0o666)
	}
	if r, lerr := lastVerified(state, "h", "s", "production", ""); err != nil || lerr != nil || r.ID != "d053" {
		t.Errorf("%v %v %v", r, err, lerr)
	}
}
