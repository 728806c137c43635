package probe

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// secretHeaders are never shown.
var secretHeaders = []string{"Authorization", "Proxy-Authorization", "Cookie", "Set-Cookie", "X-Api-Key", "X-Auth-Token"}

// shownLines is how much of a body is shown.
const shownLines = 30

// Line is a result in one line.
func (r *Result) Line() string {
	word := "ok  "
	if !r.OK() {
		word = "FAIL"
	}
	s := fmt.Sprintf("%s %s", word, r.Request.Label())
	if r.Err != nil {
		return s + "  " + r.vars.redact(r.Err.Error())
	}
	return fmt.Sprintf("%s  %d  %s  %d bytes", s, r.Exchange.Status, r.Exchange.Times.Total.Round(100*time.Microsecond), len(r.Exchange.Body))
}

// Show writes the whole exchange, without secrets: what was asked, what came
// back, how long it took, and each expectation.
func (r *Result) Show(w io.Writer) {
	var b strings.Builder
	x := r.Exchange
	fmt.Fprintf(&b, "%s:%d %s\n", r.File, r.Request.Line, r.Request.Label())
	if x != nil {
		fmt.Fprintf(&b, "> %s %s\n", x.Method, x.URL)
		header(&b, "> ", x.Sent)
		r.body(&b, "> ", x.SentBody)
		if x.Status != 0 {
			fmt.Fprintf(&b, "< %s %d %s\n", x.Proto, x.Status, http.StatusText(x.Status))
			if x.Final != x.URL {
				fmt.Fprintf(&b, "< (from %s)\n", x.Final)
			}
			header(&b, "< ", x.Header)
			r.body(&b, "< ", x.Body)
			t := x.Times
			ms := func(d time.Duration) string { return d.Round(10 * time.Microsecond).String() }
			fmt.Fprintf(&b, "  dns %s, connect %s, tls %s, first byte %s, total %s; sha256 %s\n", ms(t.DNS), ms(t.Connect), ms(t.TLS), ms(t.First), ms(t.Total), x.SHA256)
		}
	}
	if r.Err != nil {
		fmt.Fprintf(&b, "  FAIL no answer: %v\n", r.Err)
	}
	for _, c := range r.Checks {
		if c.OK {
			fmt.Fprintf(&b, "  ok   expect %s\n", c.Text)
			continue
		}
		fmt.Fprintf(&b, "  FAIL expect %s (line %d)\n       got %s\n", c.Text, c.Line, c.Got)
	}
	_, _ = io.WriteString(w, r.vars.redact(b.String()))
}

func header(b *strings.Builder, mark string, h http.Header) {
	names := make([]string, 0, len(h))
	for name := range h {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, v := range h[name] {
			if slices.Contains(secretHeaders, http.CanonicalHeaderKey(name)) {
				v = "[redacted]"
			}
			fmt.Fprintf(b, "%s%s: %s\n", mark, name, v)
		}
	}
}

// body writes as much of a body as is shown. Secrets go first: a cut could leave
// half of one that nobody knows again.
func (r *Result) body(b *strings.Builder, mark string, data []byte) {
	if len(data) == 0 {
		return
	}
	fmt.Fprintf(b, "%s\n", strings.TrimSpace(mark))
	if !utf8.Valid(data) {
		fmt.Fprintf(b, "%s[%d bytes that are no text]\n", mark, len(data))
		return
	}
	lines := strings.Split(strings.TrimRight(r.vars.redact(string(data)), "\n"), "\n")
	for i, line := range lines {
		if i == shownLines {
			fmt.Fprintf(b, "%s[and %d more lines]\n", mark, len(lines)-i)
			return
		}
		if len(line) > 500 {
			cut := 500
			for !utf8.RuneStart(line[cut]) {
				cut--
			}
			line = fmt.Sprintf("%s [and %d more bytes]", line[:cut], len(line)-cut)
		}
		fmt.Fprintf(b, "%s%s\n", mark, strings.Map(func(r rune) rune {
			if r < ' ' && r != '\t' || r == 0x7f {
				return '\ufffd'
			}
			return r
		}, line))
	}
}

// Redact takes the secrets of a result out of a text.
func (r *Result) Redact(s string) string { return r.vars.redact(s) }
