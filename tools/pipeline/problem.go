package pipeline

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Severity says what a Problem does to a build: an Error stops it, a Warning
// never does.
type Severity int

const (
	Warning Severity = iota
	Error
)

func (s Severity) String() string {
	if s == Error {
		return "error"
	}
	return "warning"
}

// MarshalText implements encoding.TextMarshaler, for JSON.
func (s Severity) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Severity) UnmarshalText(text []byte) error {
	for _, known := range []Severity{Warning, Error} {
		if string(text) == known.String() {
			*s = known
			return nil
		}
	}
	return fmt.Errorf("%q is no severity", text)
}

// A Problem is one finding about the site, at the place its author can mend it.
type Problem struct {
	File     string   `json:"file"`           // slash-separated, relative to the source directory; empty when unknown
	Line     int      `json:"line"`           // from 1; 0 when unknown
	Column   int      `json:"col"`            // in characters, from 1; 0 when unknown
	Severity Severity `json:"severity"`       // as the rule's default or the site's configuration has it
	Rule     string   `json:"rule"`           // the name that [params.duskpress.rules] knows it by
	Message  string   `json:"message"`        // one sentence, without a full stop
	Hint     string   `json:"hint,omitempty"` // how to mend it, where known
}

// Position is File:Line:Column, as far as it is known.
func (p Problem) Position() string {
	switch {
	case p.File == "":
		return "(place unknown)"
	case p.Line == 0:
		return p.File
	case p.Column == 0:
		return fmt.Sprintf("%s:%d", p.File, p.Line)
	default:
		return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
	}
}

func (p Problem) compare(q Problem) int {
	return cmp.Or(
		cmp.Compare(p.File, q.File),
		cmp.Compare(p.Line, q.Line),
		cmp.Compare(p.Column, q.Column),
		cmp.Compare(q.Severity, p.Severity),
		cmp.Compare(p.Rule, q.Rule),
		cmp.Compare(p.Message, q.Message),
		cmp.Compare(p.Hint, q.Hint),
	)
}

// Rules holds what a site configured for rules: "error", "warning" or "off" by
// rule name.
type Rules map[string]string

// Problems collects findings from every goroutine of a build. The zero value
// is ready to use.
type Problems struct {
	mu    sync.Mutex
	rules Rules
	// gentle turns errors into warnings, but for those of the rules in
	// alwaysStop: the compat profile.
	gentle bool
	list   []Problem
	// softened are the errors that the compat profile made warnings of.
	softened []Problem
	// allowed are comments in sources that let a problem stand.
	allowed allowances
	// to, where it is set, takes all that is added here, and told is called.
	to   *Problems
	told func()
}

// alwaysStop names the rules that no configuration and no profile softens:
// without them something else would be published at each run, or a failure
// would have no message.
var alwaysStop = map[string]bool{
	"cache":     true,
	"collision": true,
	"hugo":      true,
	"panic":     true,
	"source":    true,
}

// Fixed reports whether the severity of a rule cannot be set.
func Fixed(rule string) bool { return alwaysStop[rule] }

// Configure sets the severities that the site asks for. It must be called
// before problems of configurable rules are added.
func (ps *Problems) Configure(rules Rules, gentle bool) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.rules, ps.gentle = rules, gentle
}

// Allow lets comments in the files below the source directory suspend rules at
// their place. Known are the rules.
func (ps *Problems) Allow(source string, known map[string]string) {
	ps.allowed.source, ps.allowed.known = source, known
}

// Look has comments in a file that suspend rules looked for, so that one that
// is not needed can be told even where nothing else is wrong with the file.
func (ps *Problems) Look(file string) {
	_, faults := ps.allowed.of(file)
	for _, f := range faults {
		ps.add(f)
	}
}

// Unused reports the comments that suspended nothing. It is for the end of a run
// in which every check was made.
func (ps *Problems) Unused() {
	for _, p := range ps.allowed.unused() {
		ps.add(p)
	}
}

// Add records a problem, unless its rule is switched off, or suspended at this
// place by a comment.
func (ps *Problems) Add(p Problem) {
	if ps.to != nil {
		ps.told()
		ps.to.Add(p)
		return
	}
	if !alwaysStop[p.Rule] {
		covered, faults := ps.allowed.covered(p)
		for _, f := range faults {
			ps.add(f)
		}
		if covered {
			return
		}
	}
	ps.add(p)
}

func (ps *Problems) add(p Problem) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if alwaysStop[p.Rule] {
		ps.list = append(ps.list, p)
		return
	}
	if ps.gentle && p.Severity == Error {
		ps.softened = append(ps.softened, p)
		p.Severity = Warning
	}
	switch ps.rules[p.Rule] {
	case "off":
		return
	case "warning":
		p.Severity = Warning
	case "error":
		p.Severity = Error
	}
	ps.list = append(ps.list, p)
}

// Failure records an error that has happened already, such as one that Hugo
// ended with: no configuration makes less of it.
func (ps *Problems) Failure(p Problem) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	p.Severity = Error
	if slices.ContainsFunc(ps.list, func(q Problem) bool {
		return q.Severity == Error && q.Rule == p.Rule && q.File == p.File && q.Line == p.Line && p.Line > 0
	}) {
		return // found before, with a better place
	}
	ps.list = append(ps.list, p)
}

// Restore makes errors again of what the compat profile softened, for rules
// over which the engine has failed after all.
func (ps *Problems) Restore(rules ...string) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	for _, p := range ps.softened {
		if !slices.Contains(rules, p.Rule) {
			continue
		}
		soft := p
		soft.Severity = Warning
		for i, q := range ps.list {
			if q == soft {
				ps.list[i] = p
			}
		}
	}
}

// Errorf records an error without a position.
func (ps *Problems) Errorf(rule, format string, args ...any) {
	ps.Add(Problem{Severity: Error, Rule: rule, Message: fmt.Sprintf(format, args...)})
}

// Sorted returns the problems by position, each once.
func (ps *Problems) Sorted() []Problem {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	list := slices.Clone(ps.list)
	slices.SortFunc(list, Problem.compare)
	return slices.Compact(betterPlaced(list))
}

// Count returns how many errors and warnings there are, each counted once.
func (ps *Problems) Count() (errors, warnings int) {
	for _, p := range ps.Sorted() {
		if p.Severity == Error {
			errors++
		} else {
			warnings++
		}
	}
	return errors, warnings
}

// Failed reports whether there is at least one error.
func (ps *Problems) Failed() bool {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	return slices.ContainsFunc(ps.list, func(p Problem) bool { return p.Severity == Error })
}

// betterPlaced drops a problem that names a file alone where the same rule has
// been broken at a line of that file: two witnesses saw one thing.
func betterPlaced(sorted []Problem) []Problem {
	type key struct{ file, rule string }
	placed := make(map[key]bool)
	for _, p := range sorted {
		if p.Line > 0 && twoWitnesses[p.Rule] {
			placed[key{p.File, p.Rule}] = true
		}
	}
	if len(placed) == 0 {
		return sorted
	}
	return slices.DeleteFunc(sorted, func(p Problem) bool {
		return p.Line == 0 && p.File != "" && placed[key{p.File, p.Rule}]
	})
}

// twoWitnesses are rules that a plugin and the engine both report on.
var twoWitnesses = map[string]bool{"raw-html": true}
