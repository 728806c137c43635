package wholedeploy

import (
	_ "embed"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	fake "duskpress/tools/internal/fakenetlify"
)

// The rows and columns of the table in failures.md, in its order.
const (
	unsent       = "fails before it is sent"
	lost         = "dropped, truncated or 5xx after it was sent"
	throttled    = "429"
	unauthorised = "401, 403"
	absent       = "404"
	refused      = "400, 422"
	killed       = "kill -9"
	errorState   = "state error"
	stuck        = "stuck"
	unknownSHA   = "unknown sha in required"
	oldContent   = "old content at the edge"
	superseded   = "another deploy won"

	create  = "create"
	put     = "manifest, upload"
	poll    = "poll"
	restore = "restore"
)

var (
	rows    = []string{unsent, lost, throttled, unauthorised, absent, refused, killed, errorState, stuck, unknownSHA, oldContent, superseded}
	columns = []string{create, put, poll, restore}
)

//go:embed failures.md
var failures string

// readFailures are the exit codes that the table allows, by row and column. A
// cell that cannot occur has none.
func readFailures(t *testing.T) map[string]map[string][]int {
	t.Helper()
	list := make(map[string]map[string][]int)
	n := 0
	for line := range strings.Lines(failures) {
		line = strings.TrimSpace(line)
		if !strings.HasPrefix(line, "|") || strings.HasPrefix(line, "|--") || strings.HasPrefix(line, "| what happens |") {
			continue
		}
		parts := strings.Split(strings.Trim(line, "|"), "|")
		if n >= len(rows) || len(parts) != len(columns)+1 {
			t.Fatalf("failures.md: a row too many, or %d cells: %s", len(parts), line)
		}
		cells := make(map[string][]int)
		for i, cell := range parts[1:] {
			if cell = strings.TrimSpace(cell); cell == "" {
				continue
			}
			_, codes, ok := strings.Cut(cell, "→")
			if !ok {
				t.Fatalf("failures.md: a cell without exit codes: %s", cell)
			}
			for code := range strings.SplitSeq(codes, ",") {
				exit, err := strconv.Atoi(strings.TrimSpace(code))
				if err != nil {
					t.Fatalf("failures.md: %s: %v", cell, err)
				}
				cells[columns[i]] = append(cells[columns[i]], exit)
			}
		}
		list[rows[n]] = cells
		n++
	}
	if n != len(rows) {
		t.Fatalf("failures.md has %d rows, the tests %d", n, len(rows))
	}
	return list
}

// A variant is one way for a cell to happen.
type variant struct {
	name   string
	faults []fake.Fault
	setup  func(w *world) // in place of, or after, the faults
	exit   int            // of the first run; -1 is killed
	words  []string       // that the first run has to say
	live   string         // after the first run: old, ours, other
	// publishes is how often ours may have become live; 0 is once.
	publishes int
	after     func(w *world, r ran)
	args      []string
}

const (
	unchangedWords = "production is unchanged"
	changedWords   = "production changed"
	unreadWords    = "could not be read back"
)

// ok is a variant that the first run gets over.
func ok(name string, faults ...fake.Fault) variant {
	return variant{name: name, faults: faults, words: []string{changedWords}, live: "ours"}
}

// no is a variant that ends the first run with nothing published.
func no(name string, exit int, words string, faults ...fake.Fault) variant {
	return variant{name: name, exit: exit, faults: faults, words: append(strings.Split(words, "|"), unchangedWords), live: "old"}
}

func (v variant) prepare(f func(*world)) variant        { v.setup = f; return v }
func (v variant) check(f func(w *world, r ran)) variant { v.after = f; return v }

// lostWays are the ways to lose one call.
func lostWays(op string) []variant {
	at := func(k fake.Kind) fake.Fault { return fake.Fault{Op: op, Kind: k} }
	return []variant{
		ok(op+" dropped before acting", at(fake.DropBefore)),
		ok(op+" dropped after acting", at(fake.DropAfter)),
		ok(op+" truncated", at(fake.Truncate)),
		ok(op+" 500", fake.Fault{Op: op, Kind: fake.Status, Status: 500}),
		ok(op+" 502 after acting", fake.Fault{Op: op, Kind: fake.StatusAfter, Status: 502}),
		ok(op+" 503, three times", fake.Fault{Op: op, Kind: fake.Status, Status: 503, Times: 3}),
		ok(op+" later than the deadline", fake.Fault{Op: op, Kind: fake.Late, Delay: 12 * time.Second}),
		ok(op+" answered by somebody else", at(fake.Garbage)),
	}
}

func throttledWays(op string) []variant {
	return []variant{
		ok(op+" 429 with a reset", fake.Fault{Op: op, Kind: fake.Status, Status: 429, Reset: time.Now().Add(2 * time.Second)}),
		ok(op+" 429 without one, twice", fake.Fault{Op: op, Kind: fake.Status, Status: 429, Times: 2}),
		// The first run is at its deadline before the host lets it in.
		no(op+" 429 for ever", map[bool]int{true: 5, false: 6}[op == create], "429|given up", fake.Fault{Op: op, Kind: fake.Status, Status: 429, Times: -1}),
	}
}

func deniedForEver(op string) variant {
	return no(op+" 401 for ever", 3, "401|token", fake.Fault{Op: op, Kind: fake.Status, Status: 401, Times: -1})
}

func killedAt(op string, nth int) []variant {
	kill := func(name string, k fake.Kind) variant {
		return variant{name: op + " " + name, exit: -1, live: "old", setup: func(w *world) {
			w.fake.Add(fake.Fault{Op: op, Nth: nth, Kind: k, Do: w.end})
		}}
	}
	return []variant{kill("before it acts", fake.CallBefore), kill("after it acted", fake.Call)}
}

// table is the table: row, column, variants.
func table() map[string]map[string][]variant {
	f := func(op string, nth int, k fake.Kind, status, times int) fake.Fault {
		return fake.Fault{Op: op, Nth: nth, Kind: k, Status: status, Times: times}
	}
	back := func(op string, nth int) variant {
		return ok("after "+op+", and comes back", fake.Fault{Op: op, Nth: nth, Kind: fake.Refuse, Delay: 300 * time.Millisecond})
	}
	return map[string]map[string][]variant{
		unsent: {
			create: {
				no("and never comes back", 5, "refused|given up", f("list", 1, fake.Refuse, 0, 0)),
				back("list", 1),
				{name: "the name of the host is not known", args: []string{"--timeout", "2s"}, exit: 5, words: []string{"no such host", unchangedWords}, live: "old", setup: func(w *world) {
					w.env = append(w.env, "NETLIFY_API_URL=https://api.invalid/api/v1")
				}, after: func(w *world, _ ran) { w.env = w.env[:len(w.env)-1] }},
			},
			put: {
				no("manifest", 6, "refused|run it again", f("create", 1, fake.Refuse, 0, 0)),
				no("upload", 6, "refused|run it again", f("manifest", 1, fake.Refuse, 0, 0)),
				back("create", 1), back("manifest", 1),
			},
			poll:    {no("poll", 6, "refused", f("upload", 9, fake.Refuse, 0, 0)), back("upload", 9)},
			restore: {no("restore", 6, "refused", f("site", 2, fake.Refuse, 0, 0)), back("site", 2)},
		},
		lost: {
			create: append(lostWays("create"),
				ok("the list is behind", fake.Fault{Op: "create", Kind: fake.Hide, N: 2})),
			put:  append(lostWays("manifest"), lostWays("upload")...),
			poll: append(lostWays("poll"), ok("502, five times: never cancelled", f("poll", 1, fake.Status, 502, 5))),
			restore: append(lostWays("restore"),
				no("503 for ever", 6, "503", f("restore", 1, fake.Status, 503, -1)),
				variant{name: "it acted, and cannot be read back", exit: 6, words: []string{unreadWords}, live: "ours",
					faults: []fake.Fault{f("restore", 1, fake.DropAfter, 0, 0), f("site", 3, fake.Status, 503, -1)}}),
		},
		throttled: {
			create: throttledWays("create"), put: append(throttledWays("manifest"), throttledWays("upload")...),
			poll: throttledWays("poll"), restore: throttledWays("restore"),
		},
		unauthorised: {
			create: {deniedForEver("create"), no("403", 3, "403", f("create", 1, fake.Status, 403, 1))},
			put: {
				ok("manifest 401 once", f("manifest", 1, fake.Status, 401, 1)), deniedForEver("manifest"),
				ok("upload 403 once", f("upload", 2, fake.Status, 403, 1)), deniedForEver("upload"),
				no("and reading is 401 too", 3, "401", f("upload", 1, fake.Status, 403, -1), f("poll", 1, fake.Status, 401, -1)),
			},
			poll:    {deniedForEver("poll"), no("403", 3, "403", f("poll", 1, fake.Status, 403, 1))},
			restore: {deniedForEver("restore"), no("403", 3, "403", f("restore", 1, fake.Status, 403, 1))},
		},
		absent: {
			create: {
				no("the site is there", 4, "404", f("create", 1, fake.Status, 404, -1)),
				no("the site is gone", 4, "did you mean|"+fake.SiteName, f("create", 1, fake.Status, 404, -1), f("site", 1, fake.Status, 404, -1)).
					prepare(func(w *world) { w.env = append(w.env, "NETLIFY_SITE_ID="+fake.SiteName) }).
					check(func(w *world, _ ran) { w.env = w.env[:len(w.env)-1] }),
			},
			put: {
				ok("manifest, the deploy is gone", f("manifest", 1, fake.Vanish, 0, 0)),
				ok("upload, the deploy is gone", f("upload", 3, fake.Vanish, 0, 0)),
				ok("upload 404, the deploy is there", f("upload", 1, fake.Status, 404, 1)),
			},
			poll: {ok("the deploy is gone", f("poll", 1, fake.Vanish, 0, 0))},
			restore: {
				no("the deploy is gone", 4, "404", f("restore", 1, fake.Vanish, 0, 0)),
				ok("the deploy is there", f("restore", 1, fake.Status, 404, 1)),
			},
		},
		refused: {
			create: {no("422", 4, "422|planted", f("create", 1, fake.Status, 422, 1)), no("400", 4, "400", f("create", 1, fake.Status, 400, 1))},
			put: {
				no("manifest 422", 4, "422", f("manifest", 1, fake.Status, 422, 1)),
				no("manifest 400", 4, "400", f("manifest", 1, fake.Status, 400, 1)),
				no("upload 422", 4, "422", f("upload", 1, fake.Status, 422, 1)),
				ok("upload 422 of a file that was taken", f("upload", 1, fake.StatusAfter, 422, 1)).prepare(func(w *world) {
					w.fake.Know(w.site) // so that build.json is the only one to send
					w.fake.AtOnce, w.fake.ProcessingPolls = true, 3
				}),
			},
			restore: {
				no("422", 4, "422", f("restore", 1, fake.Status, 422, 1)),
				ok("422, though it acted", f("restore", 1, fake.StatusAfter, 422, 1)),
			},
		},
		killed: {
			create: killedAt("create", 1),
			put:    append(killedAt("manifest", 1), killedAt("upload", 4)...),
			poll:   killedAt("poll", 1),
			restore: func() []variant {
				list := killedAt("restore", 1)
				list[1].live = "ours"
				return list
			}(),
		},
		errorState: {
			put: {
				no("manifest", 4, "planted failure of processing", f("manifest", 1, fake.ErrorState, 0, 0)),
				no("upload", 4, "planted failure of processing", f("upload", 5, fake.ErrorState, 0, 0)),
			},
			poll: {no("poll", 4, "planted failure of processing", f("poll", 1, fake.ErrorState, 0, 0))},
		},
		stuck: {
			put: {ok("the host lost a file that it had taken", f("upload", 2, fake.Lose, 0, 0))},
			poll: {no("for ever", 6, "still in state", f("upload", 1, fake.Stuck, 0, 0)),
				no("before the upload", 6, "still in state", f("manifest", 1, fake.Stuck, 0, 0))},
		},
		unknownSHA: {
			put: {no("manifest", 4, "ab78cdec|nothing was sent", f("manifest", 1, fake.UnknownSHA, 0, 1)).check(func(w *world, r ran) {
				if n := w.fake.Count("upload"); n > 0 {
					w.t.Errorf("%d uploads", n)
				}
			})},
		},
		oldContent: {
			restore: {
				ok("for a while", f("page", 1, fake.Old, 0, 20)),
				{name: "for ever", exit: 7, live: "ours", words: []string{"SHA-256", "sent was", changedWords, "rollback"}, faults: []fake.Fault{f("page", 1, fake.Old, 0, -1)}},
			},
		},
		superseded: {
			restore: {
				{name: "just before", exit: 8, live: "other", words: []string{"published at the same time", changedWords}, faults: []fake.Fault{f("restore", 1, fake.OtherWins, 0, 0)}},
				{name: "just after", exit: 8, live: "other", publishes: 2, words: []string{"published at the same time", changedWords}, faults: []fake.Fault{f("restore", 1, fake.OtherAfter, 0, 0)}},
				{name: "while it was verified", exit: 8, live: "other", publishes: 2, words: []string{"published after this one", changedWords}, setup: func(w *world) {
					w.fake.Add(fake.Fault{Op: "page", Kind: fake.OtherAfter})
				}},
				{name: "while it was prepared", exit: 8, live: "other", words: []string{"while this one was prepared", unchangedWords}, setup: func(w *world) {
					w.fake.Add(fake.Fault{Op: "poll", Kind: fake.OtherAfter})
				}},
			},
		},
	}
}

// TestTable runs every cell: the right exit code, the right words, the right
// state of the host; then a run without faults ends well, and nothing was done
// twice.
func TestTable(t *testing.T) {
	allowed, cells := readFailures(t), table()
	counted, want, ways := 0, 0, 0
	for _, row := range rows {
		want += len(allowed[row])
		for _, column := range columns {
			variants := cells[row][column]
			var exits []int
			for _, v := range variants {
				exits = append(exits, v.exit)
			}
			slices.Sort(exits)
			exits = slices.Compact(exits)
			if !slices.Equal(exits, allowed[row][column]) {
				t.Errorf("%s, %s: the tests end with %v, the table has %v", row, column, exits, allowed[row][column])
			}
			if len(variants) == 0 {
				continue
			}
			counted++
			ways += len(variants)
			t.Run(row+"/"+column, func(t *testing.T) {
				t.Parallel()
				for _, v := range variants {
					t.Run(v.name, func(t *testing.T) {
						t.Parallel()
						v.run(t)
					})
				}
			})
		}
	}
	if counted != want || counted != 34 {
		t.Errorf("%d cells are tested, the table has %d", counted, want)
	}
	t.Logf("%d cells, %d ways for them to happen", counted, ways)
}

// run is one variant from its fault to its good end.
func (v variant) run(t *testing.T) {
	w := newWorld(t, small())
	for _, f := range v.faults {
		w.fake.Add(f)
	}
	if v.setup != nil {
		v.setup(w)
	}
	if (v.exit == 5 || v.exit == 6) && !slices.Contains(v.args, "--timeout") {
		v.args = append(v.args, "--timeout", "20m") // it cannot end before
	}
	r := w.deploy(v.args...)
	if r.exit != v.exit {
		t.Fatalf("exit %d, not %d: %s", r.exit, v.exit, r)
	}
	for _, word := range v.words {
		if !strings.Contains(r.out, word) {
			t.Errorf("it does not say %q: %s", word, r)
		}
	}
	if w.fake.Used() == 0 && len(v.faults) > 0 {
		t.Fatalf("no fault showed itself: %s", r)
	}
	switch v.live {
	case "old":
		w.oldIsLive()
	case "ours":
		w.isLive()
	case "other":
		if _, files := w.fake.Live(); !strings.Contains(string(files["index.html"]), "other") {
			t.Errorf("live is not the other deploy: %q", files["index.html"])
		}
	}
	if r.exit >= 3 && r.exit <= 7 {
		w.request()
	}
	if v.after != nil {
		v.after(w, r)
	}
	w.fake.Heal()
	again := w.deploy()
	w.verified(again)
	id := w.isLive()
	if n := len(w.fake.Titled("[fp:")); n != 1 {
		t.Errorf("%d deploys were begun: %s%s", n, r, again)
	}
	published := 0
	for _, p := range w.fake.Published {
		if p == id {
			published++
		}
	}
	if published != max(v.publishes, 1) {
		t.Errorf("published %d times: %v", published, w.fake.Published)
	}
	if len(w.fake.Repeated) > 0 {
		t.Errorf("sent again though the host had it: %v: %s%s", w.fake.Repeated, r, again)
	}
}
