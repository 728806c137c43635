// Package probe runs saved HTTP requests and compares the answers with what is
// expected of them.
//
// What enters: files in the format that VS Code and JetBrains send requests
// from, values of variables, addresses. What leaves: requests, results with
// times, and their exchanges as text without secrets. It runs no script, keeps
// no cookie, and never passes over a line that it does not understand.
//
// Expectations are comments, so that editors pass over them:
//
//	# @expect status 200
//	# @expect header content-type contains text/html
//	# @expect body contains </html>
//	# @expect time < 500ms
//	# @expect sha256 9f86d081884c7d65…
package probe

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// A File is one parsed file.
type File struct {
	Name     string
	Requests []*Request
	vars     map[string]value
	order    []string
}

// A Request is one saved request.
type Request struct {
	Title   string // after ###
	Name    string // @name
	Line    int
	Method  string
	URL     string // with variables
	Header  []Field
	Body    string
	Stay    bool // @no-redirect
	Expect  []Expectation
	bodyRaw []byte // of a file
}

// A Field is one header, with variables.
type Field struct {
	Name, Value string
	Line        int
}

// A Fault is a line that cannot be understood.
type Fault struct {
	File      string
	Line, Col int // from 1
	Message   string
	Hint      string
}

func (f *Fault) Error() string { return fmt.Sprintf("%s:%d:%d: %s", f.File, f.Line, f.Col, f.Message) }

type value struct {
	text string
	line int
}

// Faults are all of a file's.
type Faults []*Fault

func (f Faults) Error() string {
	s := make([]string, len(f))
	for i, x := range f {
		s[i] = x.Error()
	}
	return strings.Join(s, "\n")
}

var (
	variableLine = regexp.MustCompile(`^@([A-Za-z_][\w-]*)\s*=\s*(.*?)\s*$`)
	commentLine  = regexp.MustCompile(`^\s*(#|//)`)
	directive    = regexp.MustCompile(`^\s*(?:#|//)\s*@([A-Za-z][\w-]*)(?:\s+(.*?))?\s*$`)
	requestLine  = regexp.MustCompile(`^(?:(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE)\s+)?(\S.*?)(?:\s+HTTP/[\d.]+)?\s*$`)
	headerLine   = regexp.MustCompile(`^([!#$%&'*+.^_|~0-9A-Za-z` + "`" + `-]+)\s*:\s*(.*?)\s*$`)
	method       = regexp.MustCompile(`^[A-Z]+\s`)
)

// Read parses a file of the disk.
func Read(name string) (*File, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return Parse(name, data)
}

// Parse parses a file. Bodies that are kept in files of their own are read from
// the directory of name. All faults are returned at once, as Faults.
func Parse(name string, data []byte) (*File, error) {
	p := &parser{file: &File{Name: name, vars: make(map[string]value)}}
	text := strings.TrimPrefix(strings.ReplaceAll(string(data), "\r\n", "\n"), "\ufeff")
	var block []string
	first := 1
	title := ""
	for i, line := range strings.Split(text, "\n") {
		if strings.HasPrefix(line, "###") {
			p.block(title, block, first)
			title = strings.TrimSpace(strings.TrimLeft(line, "#"))
			block, first = nil, i+2
			continue
		}
		block = append(block, line)
	}
	p.block(title, block, first)
	if len(p.file.Requests) == 0 && len(p.faults) == 0 {
		p.fault(1, 1, "the file has no request", "write one, such as GET {{base}}/")
	}
	p.names()
	if len(p.faults) > 0 {
		return nil, p.faults
	}
	return p.file, nil
}

type parser struct {
	file   *File
	faults Faults
}

func (p *parser) fault(line, col int, message, hint string) {
	p.faults = append(p.faults, &Fault{p.file.Name, line, col, message, hint})
}

// block parses what stands between two separators: variables, comments, and at
// most one request.
func (p *parser) block(title string, lines []string, first int) {
	r := &Request{Title: title}
	i := 0
	for ; i < len(lines); i++ {
		line, n := lines[i], first+i
		switch {
		case strings.TrimSpace(line) == "":
		case p.comment(r, line, n):
		case strings.HasPrefix(line, "@"):
			m := variableLine.FindStringSubmatch(line)
			if m == nil {
				p.fault(n, 1, "this is no variable", "write @name = value")
				continue
			}
			if _, ok := p.file.vars[m[1]]; !ok {
				p.file.order = append(p.file.order, m[1])
			}
			p.file.vars[m[1]] = value{m[2], n}
		default:
			p.request(r, lines[i:], n)
			return
		}
	}
	if len(r.Expect) > 0 || r.Name != "" {
		p.fault(first, 1, "expectations without a request", "a request ends at the next ###")
	}
}

// comment takes a comment line, and what it directs.
func (p *parser) comment(r *Request, line string, n int) bool {
	if !commentLine.MatchString(line) {
		return false
	}
	m := directive.FindStringSubmatchIndex(line)
	if m == nil {
		return true
	}
	word, rest, col := line[m[2]:m[3]], "", m[2]+1
	if m[4] >= 0 {
		rest, col = line[m[4]:m[5]], m[4]+1
	}
	switch word {
	case "name":
		if !regexp.MustCompile(`^[A-Za-z_][\w-]*$`).MatchString(rest) {
			p.fault(n, col, fmt.Sprintf("%q is no name", rest), "use letters, digits, _ and -")
		}
		r.Name = rest
	case "expect":
		e, message, at := parseExpectation(rest)
		if message != "" {
			p.fault(n, col+at, message, expectHint)
			return true
		}
		e.Line = n
		r.Expect = append(r.Expect, e)
	case "no-redirect":
		r.Stay = true
	case "note", "no-cookie-jar", "no-log":
		// For editors; the last two are as it is here anyway.
	default:
		p.fault(n, m[2]+1, fmt.Sprintf("unknown directive @%s", word), "the directives are @name, @expect, @no-redirect, @note, @no-cookie-jar and @no-log")
	}
	return true
}

func (p *parser) request(r *Request, lines []string, first int) {
	r.Line = first
	m := requestLine.FindStringSubmatch(lines[0])
	if m == nil || m[1] == "" && method.MatchString(lines[0]) {
		p.fault(first, 1, "this is no request", "write GET {{base}}/path")
		return
	}
	r.Method, r.URL = m[1], m[2]
	if r.Method == "" {
		r.Method = "GET"
	}
	if strings.ContainsAny(stripVariables(r.URL), " \t") {
		p.fault(first, strings.IndexAny(lines[0], " \t")+2, "an address has no spaces", "write %20")
	}
	i := 1
	// The query may go on in lines of its own.
	for ; i < len(lines); i++ {
		t := strings.TrimSpace(lines[i])
		if !strings.HasPrefix(t, "?") && !strings.HasPrefix(t, "&") {
			break
		}
		r.URL += t
	}
	for ; i < len(lines); i++ {
		line, n := lines[i], first+i
		if strings.TrimSpace(line) == "" {
			i++
			break
		}
		if p.comment(r, line, n) {
			continue
		}
		h := headerLine.FindStringSubmatch(line)
		if h == nil {
			p.fault(n, 1, "this is no header", "write Name: value, and an empty line before the body")
			continue
		}
		r.Header = append(r.Header, Field{h[1], h[2], n})
	}
	p.body(r, lines, i, first)
	p.file.Requests = append(p.file.Requests, r)
}

func (p *parser) body(r *Request, lines []string, from, first int) {
	for from < len(lines) && strings.TrimSpace(lines[from]) == "" {
		from++
	}
	to := len(lines)
	for to > from && strings.TrimSpace(lines[to-1]) == "" {
		to--
	}
	if from >= to {
		return
	}
	for i, line := range lines[from:to] {
		if strings.HasPrefix(line, "> ") || strings.HasPrefix(line, "<> ") || strings.HasPrefix(line, "<@") || strings.HasPrefix(line, "?? ") {
			p.fault(first+from+i, 1, "scripts and response files are not run here", "use # @expect")
			return
		}
	}
	if name, ok := strings.CutPrefix(lines[from], "< "); ok && to == from+1 {
		name = strings.TrimSpace(name)
		if !filepath.IsAbs(name) {
			name = filepath.Join(filepath.Dir(p.file.Name), filepath.FromSlash(name))
		}
		data, err := os.ReadFile(name)
		if err != nil {
			p.fault(first+from, 3, err.Error(), "")
			return
		}
		r.bodyRaw = data
		return
	}
	r.Body = strings.Join(lines[from:to], "\n")
}

// names wants each name once.
func (p *parser) names() {
	seen := make(map[string]int)
	for _, r := range p.file.Requests {
		if r.Name == "" {
			continue
		}
		if line, ok := seen[r.Name]; ok {
			p.fault(r.Line, 1, fmt.Sprintf("the name %s is taken by the request in line %d", r.Name, line), "")
		}
		seen[r.Name] = r.Line
	}
}

// Label is how a request is called in results.
func (r *Request) Label() string {
	switch {
	case r.Name != "":
		return r.Name
	case r.Title != "":
		return r.Title
	}
	return fmt.Sprintf("line %d", r.Line)
}
