package probe

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// An Expectation is one thing that has to hold of an answer.
type Expectation struct {
	Line  int
	Text  string // as it is written
	of    string // status, header, body, time, sha256
	name  string // of the header
	is    string // contains, is, matches, exists, missing; with not before it
	value string
}

const expectHint = "such as: status 200, header NAME contains TEXT, body not contains TEXT, body matches REGEXP, time < 500ms, sha256 HEX"

// parseExpectation returns what is wrong with it, and where.
func parseExpectation(s string) (e Expectation, message string, at int) {
	e.Text = s
	words := strings.Fields(s)
	if len(words) == 0 {
		return e, "an expectation of nothing", 0
	}
	e.of = words[0]
	// rest is the text after the nth word.
	rest := func(n int) string {
		t := s
		for range n {
			t = strings.TrimLeft(t, " \t")
			if i := strings.IndexAny(t, " \t"); i >= 0 {
				t = t[i:]
			} else {
				t = ""
			}
		}
		return strings.TrimSpace(t)
	}
	position := func(word string) int { return max(strings.LastIndex(s, word), 0) }
	switch e.of {
	case "status":
		e.value = rest(1)
		if !regexp.MustCompile(`^([1-5]\d\d|[1-5]xx)(\s*\|\s*([1-5]\d\d|[1-5]xx))*$`).MatchString(e.value) {
			return e, fmt.Sprintf("%q is no status", e.value), position(e.value)
		}
	case "header", "body":
		n := 1
		if e.of == "header" {
			if len(words) < 3 {
				return e, "a header needs a name and what is expected of it", 0
			}
			e.name, n = words[1], 2
		}
		if len(words) <= n {
			return e, "what is expected of the " + e.of + "?", 0
		}
		e.is = words[n]
		if e.is == "not" && len(words) > n+1 {
			e.is, n = "not "+words[n+1], n+1
		}
		e.value = rest(n + 1)
		known := []string{"contains", "not contains", "is", "not is", "matches", "not matches", "exists", "missing"}
		if e.of == "body" {
			known = known[:6]
		}
		if !slices.Contains(known, e.is) {
			return e, fmt.Sprintf("%q is no comparison", e.is), position(words[n])
		}
		if none := e.is == "exists" || e.is == "missing"; none != (e.value == "") {
			return e, "the comparison " + e.is + " has too much or too little after it", position(words[n])
		}
		if strings.HasSuffix(e.is, "matches") {
			if _, err := regexp.Compile(e.value); err != nil && !strings.Contains(e.value, "{{") {
				return e, err.Error(), position(e.value)
			}
		}
	case "time":
		if len(words) != 3 || words[1] != "<" {
			return e, "a time is written as time < 500ms", 0
		}
		e.value = words[2]
		if d, err := time.ParseDuration(e.value); err != nil || d <= 0 {
			return e, fmt.Sprintf("%q is no time", e.value), position(e.value)
		}
	case "sha256":
		e.value = strings.ToLower(rest(1))
		if !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(e.value) && !strings.Contains(e.value, "{{") {
			return e, "a SHA-256 has 64 hexadecimal digits", position(rest(1))
		}
	default:
		return e, fmt.Sprintf("unknown expectation %q", e.of), 0
	}
	return e, "", 0
}

// A Check is an expectation that was looked at.
type Check struct {
	Expectation
	OK  bool
	Got string
}

// check compares one answer. value has no references any more.
func (e Expectation) check(x *Exchange, value string) Check {
	c := Check{Expectation: e}
	switch e.of {
	case "status":
		c.Got = strconv.Itoa(x.Status)
		for s := range strings.SplitSeq(value, "|") {
			s = strings.TrimSpace(s)
			c.OK = c.OK || s == c.Got || strings.HasSuffix(s, "xx") && c.Got != "" && s[0] == c.Got[0]
		}
	case "header":
		all := x.Header.Values(e.name)
		c.Got = strings.Join(all, ", ")
		switch e.is {
		case "exists":
			c.OK = len(all) > 0
		case "missing":
			c.OK = len(all) == 0
		default:
			c.OK = compare(e.is, c.Got, value)
		}
		if len(all) == 0 {
			c.Got = "no such header"
		}
	case "body":
		c.Got = fmt.Sprintf("%d bytes", len(x.Body))
		c.OK = compare(e.is, string(x.Body), value)
		if strings.HasSuffix(e.is, "is") && len(x.Body) < 200 {
			c.Got = strconv.Quote(string(x.Body))
		}
	case "time":
		d, _ := time.ParseDuration(value)
		c.Got = x.Times.Total.Round(100 * time.Microsecond).String()
		c.OK = x.Times.Total < d
	case "sha256":
		c.Got = x.SHA256
		c.OK = x.SHA256 == strings.ToLower(value)
	}
	return c
}

func compare(is, have, want string) bool {
	word, not := strings.CutPrefix(is, "not ")
	ok := false
	switch word {
	case "contains":
		ok = strings.Contains(have, want)
	case "is":
		ok = have == want
	case "matches":
		re, err := regexp.Compile(want)
		if err != nil {
			return false
		}
		ok = re.MatchString(have)
	}
	return ok != not
}
