package pipeline

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// An author may let a problem stand, at one place and for a reason:
//
//	<!-- duskpress:allow list-nesting: the second list is one of its own -->
//	{{/* duskpress:allow csp: the widget is our own */}}
//	# duskpress:allow front-matter-key: read by another tool
//
// The comment is for its own line or, where it stands alone, for the next line
// that is not blank. duskpress:allow-file is for the whole file. What allows
// nothing any more is a problem itself, as is a comment without a reason.

// An allowance is one such comment.
type allowance struct {
	file   string
	line   int // where it stands
	column int
	covers int // the line it is for; 0: all
	rules  []string
	reason string
	used   bool
}

// allowances finds and keeps them, by file.
type allowances struct {
	mu     sync.Mutex
	source string // the site's directory
	known  map[string]string
	files  map[string][]*allowance
}

var (
	// AllowWord stands in every file that has such a comment.
	AllowWord = []byte("duskpress:allow")

	allowLine = regexp.MustCompile(`^(.*?)(<!--|\{\{-?\s*/\*|#|//)\s*duskpress:allow(-file)?\b\s*([^:]*?)\s*(?::\s*(.*?))?\s*(?:-->|\*/\s*-?\}\})?\s*$`)
	fenceLine = regexp.MustCompile("^[ \t>]*(```+|~~~+)")
)

// of returns the allowances of a file, which it reads when it is first asked.
// The second value are the problems with them.
func (a *allowances) of(file string) ([]*allowance, []Problem) {
	if a.source == "" || file == "" {
		return nil, nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if list, ok := a.files[file]; ok {
		return list, nil
	}
	if a.files == nil {
		a.files = make(map[string][]*allowance)
	}
	a.files[file] = nil
	name := filepath.FromSlash(file)
	if !filepath.IsAbs(name) {
		name = filepath.Join(a.source, name)
	}
	data, err := os.ReadFile(name)
	if err != nil || !bytes.Contains(data, AllowWord) {
		return nil, nil
	}
	list, problems := parseAllowances(file, data, a.known)
	a.files[file] = list
	return list, problems
}

// parseAllowances reads a file's comments. Examples in fences are none.
func parseAllowances(file string, data []byte, known map[string]string) (list []*allowance, problems []Problem) {
	lines := splitLines(data)
	fence := ""
	markdown := strings.HasSuffix(file, ".md") || strings.HasSuffix(file, ".markdown")
	for i, line := range lines {
		if m := fenceLine.FindSubmatch(line); m != nil && markdown {
			switch mark := string(m[1]); {
			case fence == "":
				fence = mark
			case strings.HasPrefix(mark, fence):
				fence = ""
			}
		}
		m := allowLine.FindSubmatch(line)
		if m == nil || fence != "" {
			continue
		}
		at := &allowance{file: file, line: i + 1, column: len([]rune(string(m[1]))) + 1, covers: i + 1, reason: string(m[5])}
		for rule := range strings.FieldsFuncSeq(string(m[4]), func(r rune) bool { return r == ',' || r == ' ' }) {
			at.rules = append(at.rules, rule)
		}
		switch {
		case len(m[3]) > 0:
			at.covers = 0
		case len(bytes.TrimSpace(m[1])) == 0:
			for j := i + 1; j < len(lines); j++ {
				if s := bytes.TrimSpace(lines[j]); len(s) > 0 && !bytes.Contains(s, AllowWord) {
					at.covers = j + 1
					break
				}
			}
		}
		if message, hint := at.fault(known); message != "" {
			problems = append(problems, Problem{File: file, Line: at.line, Column: at.column, Severity: Error, Rule: "allow", Message: message, Hint: hint})
			continue
		}
		list = append(list, at)
	}
	return list, problems
}

func (a *allowance) fault(known map[string]string) (message, hint string) {
	const form = "write duskpress:allow RULE: REASON"
	if len(a.rules) == 0 {
		return "this allows no rule", form
	}
	for _, rule := range a.rules {
		if _, ok := known[rule]; !ok {
			return fmt.Sprintf("there is no rule %q", rule), strings.TrimPrefix(didYouMean(rule, slices.Sorted(maps.Keys(known))), "; ")
		}
		if Fixed(rule) || rule == "allow" {
			return fmt.Sprintf("the rule %q cannot be suspended", rule), ""
		}
	}
	if a.reason == "" {
		return "this gives no reason", form
	}
	return "", ""
}

// covered reports whether a comment lets the problem stand.
func (a *allowances) covered(p Problem) (bool, []Problem) {
	list, problems := a.of(p.File)
	a.mu.Lock()
	defer a.mu.Unlock()
	found := false
	for _, at := range list {
		if (at.covers == 0 || at.covers == p.Line) && slices.Contains(at.rules, p.Rule) {
			at.used, found = true, true
		}
	}
	return found, problems
}

// unused are the allowances that allowed nothing.
func (a *allowances) unused() []Problem {
	a.mu.Lock()
	defer a.mu.Unlock()
	var problems []Problem
	for _, file := range slices.Sorted(maps.Keys(a.files)) {
		for _, at := range a.files[file] {
			if !at.used {
				problems = append(problems, Problem{File: file, Line: at.line, Column: at.column, Severity: Warning, Rule: "allow",
					Message: fmt.Sprintf("nothing here breaks the rule %s any more", strings.Join(at.rules, ", ")), Hint: "remove the comment"})
			}
		}
	}
	return problems
}
