package wholedeploy

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	fake "duskpress/tools/internal/fakenetlify"
	"duskpress/tools/internal/sitetest"
	"duskpress/tools/internal/testenv"
)

// TestFullDisk deploys while the disk of the journal has room for less and less
// of it. Whatever could not be written, what is said of production is so, and
// with room again the same command ends well.
func TestFullDisk(t *testing.T) {
	if !testenv.Namespace(t) {
		return
	}
	w := newWorld(t, small())
	state := filepath.Join(w.dir, ".duskpress")
	testenv.Mount(t, "tmpfs", state, "tmpfs", 0, "size=64k")
	filler := filepath.Join(state, "filler")
	full := 0
	for room := 0; room <= 36<<10; room += 4 << 10 {
		w.site["index.html"] = fmt.Sprintf("<!doctype html><title>%d</title>", room)
		w.write(w.site)
		if err := os.RemoveAll(filepath.Join(state, "receipts")); err != nil {
			t.Fatal(err)
		}
		if err := os.RemoveAll(filepath.Join(state, "incidents")); err != nil {
			t.Fatal(err)
		}
		_ = os.Remove(filepath.Join(state, "journal.jsonl"))
		sitetest.Write(t, filler, "")
		fill(t, filler, room)
		before, _ := w.fake.Live()
		r := w.deploy()
		after, _ := w.fake.Live()
		if strings.Contains(r.out, "no space left") {
			full++
		}
		if said := strings.Contains(r.last(), changedWords); said != (before != after) || !strings.Contains(r.last(), "production") {
			t.Errorf("%d bytes of room: live was %s, is %s: %s", room, before, after, r)
		}
		if r.exit != 0 && r.exit != 1 && r.exit != 6 || r.exit == 0 && before == after {
			t.Errorf("%d bytes of room: %s", room, r)
		}
		if err := os.Remove(filler); err != nil {
			t.Fatal(err)
		}
		w.verified(w.deploy())
		w.isLive()
		if n := len(w.fake.Repeated); n > 0 {
			t.Errorf("%d bytes of room: sent again: %v", room, w.fake.Repeated)
		}
	}
	if full < 3 {
		t.Errorf("the disk was full in %d runs only", full)
	}
}

// fill writes a file until the disk has no more than some room.
func fill(t *testing.T, name string, room int) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	size := 0
	for {
		n, err := f.Write(make([]byte, 4<<10))
		if size += n; err != nil {
			break
		}
	}
	if err := f.Truncate(int64(max(size-room, 0))); err != nil {
		t.Fatal(err)
	}
}

// TestClock goes back, and looks at the state, with a receipt of a thousand years
// to come: the order of what happened is not that of clocks.
func TestClock(t *testing.T) {
	t.Parallel()
	w, good, bad := broken(t)
	// The good deploy was verified under a clock that was a year ahead.
	name := filepath.Join(w.dir, ".duskpress", "receipts", good+".json")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	ahead := strings.Replace(string(data), `"verified":"2`, `"verified":"3`, 1)
	if ahead == string(data) {
		t.Fatalf("no time in %.300s", data)
	}
	sitetest.Write(t, name, ahead)
	if r := w.run("status"); r.exit != 0 || !strings.Contains(r.out, "they agree") {
		t.Errorf("%s", r)
	}
	if r := w.run("rollback", "--because", "outage.http"); r.exit != 0 || !strings.Contains(r.last(), "rolled back to "+good) {
		t.Errorf("%s", r)
	}
	if r := w.run("status"); r.exit != 0 || !strings.Contains(r.out, good+"  "+good) || !strings.Contains(r.out, "verified earlier: "+bad) {
		t.Errorf("%s", r)
	}
	// A token that may read and not write.
	w.write(map[string]string{"index.html": "<h1>x</h1>", "404.html": "none"})
	w.fake.Add(fake.Fault{Op: "create", Kind: fake.Status, Status: 403})
	if r := w.deploy(); r.exit != 3 || !strings.Contains(r.out, "403") || !strings.Contains(r.last(), unchangedWords) {
		t.Errorf("%s", r)
	}
}
