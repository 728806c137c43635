package wholedeploy

import (
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"
	"time"

	fake "duskpress/tools/internal/fakenetlify"
)

// TestSequences runs the tool again and again while its host, the network and
// its own process fail at random, and then without faults. It has to end with
// the site live, published once, and no file sent that the host had.
func TestSequences(t *testing.T) {
	n := 40
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		n = 500
	}
	first := uint64(1)
	if s := os.Getenv("DUSKPRESS_SEQUENCE"); s != "" {
		if _, err := fmt.Sscan(s, &first); err != nil {
			t.Fatal(err)
		}
		n = 1
	}
	for seed := first; seed < first+uint64(n); seed++ {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			sequence(t, rand.New(rand.NewPCG(seed, 6)))
		})
	}
}

// randomSite is a site of some files, at times of more than the API compares
// at once.
func randomSite(r *rand.Rand) map[string]string {
	site := small()
	for i := range r.IntN(12) {
		site[fmt.Sprintf("posts/%d/index.html", i)] = fmt.Sprintf("<!doctype html><title>%d</title>%s", i, strings.Repeat("word ", r.IntN(2000)))
	}
	if r.IntN(10) == 0 {
		for i := range 100 {
			site[fmt.Sprintf("many/%d.txt", i)] = fmt.Sprint("file ", i%90)
		}
	}
	return site
}

// randomFault is one that a deploy can meet; kill ends the process.
func randomFault(w *world, r *rand.Rand) fake.Fault {
	ops := []string{"create", "manifest", "upload", "poll", "restore", "site", "files", "list", "permalink", "page"}
	op := ops[r.IntN(len(ops))]
	f := fake.Fault{Op: op, Nth: w.fake.Count(op) + 1 + r.IntN(3)}
	if op == "upload" {
		f.Nth += r.IntN(8)
	}
	f.Times = 1 + r.IntN(3)
	statuses := []int{400, 401, 403, 404, 422, 429, 429, 500, 502, 503}
	kinds := []fake.Kind{fake.Status, fake.Status, fake.DropBefore, fake.DropBefore}
	if op != "permalink" && op != "page" {
		kinds = append(kinds, fake.StatusAfter, fake.DropAfter, fake.DropAfter, fake.Truncate, fake.Garbage, fake.Call, fake.CallBefore, fake.Refuse)
	} else {
		kinds = append(kinds, fake.Old, fake.Rewrite, fake.StripHeaders)
		statuses = []int{401, 404, 429, 500, 502}
	}
	switch op {
	case "manifest", "poll":
		kinds = append(kinds, fake.ErrorState, fake.Vanish, fake.Stuck)
		if op == "manifest" {
			kinds = append(kinds, fake.UnknownSHA, fake.Lower)
		}
	case "upload":
		kinds = append(kinds, fake.WrongSHA, fake.ErrorState, fake.Vanish, fake.Stuck, fake.Lose)
	case "restore":
		kinds = append(kinds, fake.OtherWins, fake.Vanish)
	case "create":
		kinds = append(kinds, fake.Hide)
		f.N = 1 + r.IntN(2)
	}
	f.Kind = kinds[r.IntN(len(kinds))]
	f.Status = statuses[r.IntN(len(statuses))]
	if f.Kind == fake.StatusAfter {
		f.Status = []int{422, 500, 502, 503}[r.IntN(4)] // no host acts, and then says 401
	}
	if f.Kind == fake.Vanish || f.Kind == fake.ErrorState || f.Kind == fake.OtherWins || f.Kind == fake.Hide {
		f.Times = 1
	}
	f.Do = w.end
	if r.IntN(60) == 0 { // seldom: it takes as long as it says
		f.Kind, f.Times, f.Delay = fake.Late, 1, 12*time.Second
	}
	return f
}

func sequence(t *testing.T, r *rand.Rand) {
	w := newWorld(t, randomSite(r))
	w.fake.ProcessingPolls = r.IntN(4)
	var story []string
	for range 1 + r.IntN(4) {
		for range 2 + r.IntN(4) {
			f := randomFault(w, r)
			story = append(story, fmt.Sprintf("%s %d %s %d times %d", f.Op, f.Nth, f.Kind, f.Status, f.Times))
			w.fake.Add(f)
		}
		if r.IntN(3) == 0 {
			d := time.Duration(r.IntN(200)) * time.Millisecond
			story = append(story, "killed after "+d.String())
			time.AfterFunc(d, w.end)
		}
		got := w.deploy("--timeout", "1m")
		story = append(story, fmt.Sprintf("-> exit %d: %s", got.exit, got.last()))
		w.judge(got, story)
		w.fake.Heal()
	}
	// What a run can only see at its end, such as a deploy that was given up or
	// has other files than were sent, the next one begins with.
	var last ran
	for range 3 {
		last = w.deploy()
		w.judge(last, story)
		if last.exit == 0 {
			break
		}
		story = append(story, fmt.Sprintf("-> exit %d: %s", last.exit, last.last()))
	}
	if last.exit != 0 {
		t.Fatalf("it does not converge:\n%s\n%s", strings.Join(story, "\n"), last)
	}
	w.isLive()
	ours := 0
	for _, id := range w.fake.Published {
		for _, d := range w.fake.Deploys() {
			if d.ID == id && strings.Contains(d.Title, "[fp:") {
				ours++
			}
		}
	}
	if ours != 1 {
		t.Errorf("published %d times:\n%s", ours, strings.Join(story, "\n"))
	}
	if n := len(w.fake.Titled("[fp:")); n != 1+w.spoilt {
		t.Errorf("%d deploys were begun, not counting those that failed or vanished, and %d were spoilt:\n%s", n, w.spoilt, strings.Join(story, "\n"))
	}
	if len(w.fake.Repeated) > 0 {
		t.Errorf("sent again though the host had it: %v\n%s", w.fake.Repeated, strings.Join(story, "\n"))
	}
	if t.Failed() {
		t.Log(last)
	}
}

// judge holds the promise of a single run: what it says of production is so.
func (w *world) judge(r ran, story []string) {
	w.t.Helper()
	w.spoilt += strings.Count(r.out, "now as before: a new one was begun")
	if r.killed {
		return
	}
	id, _ := w.fake.Live()
	isOurs := false
	for _, d := range w.fake.Titled("[fp:") {
		isOurs = isOurs || d.ID == id
	}
	switch {
	case r.exit == 0 && !isOurs:
		w.t.Errorf("called a success, and is not live:\n%s", strings.Join(story, "\n"))
	case strings.Contains(r.last(), changedWords) && !isOurs && r.exit != 8:
		w.t.Errorf("said to have changed, and did not:\n%s", strings.Join(story, "\n"))
	case !strings.Contains(r.last(), "production"):
		w.t.Errorf("the last line does not speak of production: %s", r)
	}
}
