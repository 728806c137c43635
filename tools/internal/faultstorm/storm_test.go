package faultstorm

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"duskpress/tools/internal/sitetest"
)

func TestMain(m *testing.M) { os.Exit(clean(m)) }

func clean(m *testing.M) int {
	defer sitetest.Clean()
	return m.Run()
}

// A stage is when a fault is found: an error ends the run after its stage, so
// that nothing of later ones is found.
type stage int

const (
	alone stage = iota // other faults would be seen otherwise
	config
	collect // content files are looked at, and nothing is rendered
	pages   // Hugo knows all pages
	theming // the theme looks at its options
	render  // Hugo renders; its errors hide what lies behind them
	text    // what plugins see while Hugo renders
	check   // the finished site
	last    // only a site without errors comes here
)

// A fault is something that an author, or what an author uses, does wrong.
type fault struct {
	entry int // of the list of silent failures
	name  string
	stage stage
	err   bool // at least one of its problems is an error
	in    string
	plant func(*site)
}

// clock is when all sites are built.
const clock = "2026-11-01T12:00:00Z"

type problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`
	Col      int    `json:"col"`
	Severity string `json:"severity"`
	Rule     string `json:"rule"`
	Message  string `json:"message"`
	Command  string `json:"command"`
	LeftOut  []struct {
		Path   string `json:"file"`
		Reason string `json:"reason"`
	} `json:"left_out"`
}

// run checks a site and says what is not as wanted.
func (s *site) run(t *testing.T) []string {
	t.Helper()
	dir := t.TempDir()
	s.write(t, dir)
	cmd := exec.CommandContext(t.Context(), sitetest.Tool(t), append([]string{"check", "--format", "json", "--clock", clock}, s.args...)...)
	cmd.Dir, cmd.Env = dir, sitetest.Env()
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	var faults []string
	open := slices.Clone(s.wants)
	fails, summary := false, false
	for line := range strings.Lines(string(out)) {
		var p problem
		if err := json.Unmarshal([]byte(line), &p); err != nil {
			return append(faults, "no JSON: "+line)
		}
		if p.Command != "" {
			summary = true
			for _, l := range p.LeftOut {
				i := slices.IndexFunc(open, func(w want) bool { return w.left && w.file == l.Path && strings.Contains(l.Reason, w.says) })
				if i < 0 {
					faults = append(faults, fmt.Sprintf("not planted: %s: left out: %s", l.Path, l.Reason))
					continue
				}
				open = slices.Delete(open, i, i+1)
			}
			continue
		}
		fails = fails || p.Severity == "error"
		i := slices.IndexFunc(open, func(w want) bool {
			at := w.line < 0 || w.line == p.Line && w.col == p.Col
			return !w.left && w.rule == p.Rule && w.severity == p.Severity && (w.file == p.File || w.file == "*") && at && strings.Contains(p.Message, w.says)
		})
		if i < 0 {
			faults = append(faults, fmt.Sprintf("not planted: %s:%d:%d: %s: %s [%s]", p.File, p.Line, p.Col, p.Severity, p.Message, p.Rule))
			continue
		}
		open = slices.Delete(open, i, i+1)
	}
	for _, w := range open {
		faults = append(faults, fmt.Sprintf("missed: %s: %s %q", w.fault, w, w.says))
	}
	if !summary {
		faults = append(faults, "no summary; stderr: "+stderr.String())
	}
	if code := cmd.ProcessState.ExitCode(); fails != (code != 0) {
		faults = append(faults, fmt.Sprintf("exit %d, with errors: %v", code, fails))
	}
	return faults
}

// sow plants a fault. It reports false where another one has changed what it
// would change.
func (s *site) sow(f fault) (done bool) {
	before := len(s.wants)
	defer func() {
		v := recover()
		if _, ok := v.(clash); v != nil && !ok {
			panic(v)
		}
		if done = v == nil; !done {
			s.wants = s.wants[:before]
		}
	}()
	s.fault = f.name
	f.plant(s)
	return true
}

// goes reports whether a fault can join others: an error hides what is found
// in later stages.
func goes(f fault, others []fault, theme bool) bool {
	if f.in == "theme" && !theme || f.in == "plain" && theme {
		return false
	}
	for _, o := range others {
		// Of two errors in templates Hugo may tell one alone.
		if f.stage == alone || o.stage == alone || f.err && o.err && f.stage == render && o.stage == render {
			return false
		}
		if o.name == f.name || f.err && o.stage > f.stage || o.err && f.stage > o.stage {
			return false
		}
	}
	return true
}

// TestStorm plants faults at random, several a site: always the same, so that a
// run says something of the change it is of. Another DUSKPRESS_STORM_SEED plants
// others.

func TestStorm(t *testing.T) {
	seed := uint64(21)
	if v := os.Getenv("DUSKPRESS_STORM_SEED"); v != "" {
		n, err := strconv.ParseUint(v, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seed = n
	}
	t.Logf("DUSKPRESS_STORM_SEED=%d", seed)
	planted := 60
	if os.Getenv("DUSKPRESS_HEAVY") != "" {
		planted = max(200, len(faults))
	}
	r := rand.New(rand.NewPCG(seed, 2))
	var deck []fault
	refill := func() {
		for _, i := range r.Perm(len(faults)) {
			deck = append(deck, faults[i])
		}
	}
	sites := 0
	for planted > 0 {
		if len(deck) < 40 {
			refill()
		}
		var hand []fault
		theme := r.IntN(2) == 0
		want := min(planted, 4+r.IntN(6))
		for i := 0; i < len(deck) && len(hand) < want; {
			if !goes(deck[i], hand, theme) {
				i++
				continue
			}
			hand = append(hand, deck[i])
			deck = slices.Delete(deck, i, i+1)
		}
		planted -= len(hand)
		sites++
		number := r.Uint64()
		var names []string
		for _, f := range hand {
			names = append(names, f.name)
		}
		t.Run(fmt.Sprintf("site-%d", sites), func(t *testing.T) {
			s := newSite(number, theme)
			for _, f := range hand {
				if !s.sow(f) {
					planted++ // another takes its place
				}
			}
			if wrong := s.run(t); len(wrong) > 0 {
				t.Errorf("theme %v, base %s, planted: %s\n%s", theme, s.base, strings.Join(names, "; "), strings.Join(wrong, "\n"))
			}
		})
	}
}

// TestClean has the same sites without a fault.
func TestClean(t *testing.T) {
	for i := range uint64(4) {
		s := newSite(100+i, i%2 == 0)
		if wrong := s.run(t); len(wrong) > 0 {
			t.Errorf("clean site %d: %s", i, strings.Join(wrong, "\n"))
		}
	}
}

// TestEach plants faults alone: the first, or those that DUSKPRESS_STORM_FAULT
// names. The storm has them all.
func TestEach(t *testing.T) {
	only := os.Getenv("DUSKPRESS_STORM_FAULT")
	if only == "" {
		only = faults[0].name
	}
	for i, f := range faults {
		if !strings.Contains("+"+only+"+", "+"+f.name+"+") && only != "all" {
			continue
		}
		for _, theme := range []bool{false, true} {
			if !goes(f, nil, theme) {
				continue
			}
			s := newSite(uint64(i), theme)
			s.sow(f)
			if wrong := s.run(t); len(wrong) > 0 {
				t.Errorf("%d %s, theme %v, base %s:\n  %s", f.entry, f.name, theme, s.base, strings.Join(wrong, "\n  "))
			}
		}
	}
}
