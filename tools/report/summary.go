package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// A Summary is what a command has to say at its end.
type Summary struct {
	Command     string
	Exit        int
	Outcome     string // one sentence: what is now the case
	Destination string
	Pages       int
	Files       int
	RawBytes    int64 // before minifying
	Bytes       int64
	Errors      int
	Warnings    int
	LeftOut     []LeftOut
	Notes       []string
	// Cache tells what was found in the cache, and CacheBytes its size.
	Cache      []CacheUse
	CacheBytes int64
	// Verbose has the cache's figures shown as text.
	Verbose  bool
	Duration time.Duration
	// Running commands have no exit code yet.
	Running bool
}

// CacheUse is how often results of a kind were found in the cache.
type CacheUse struct {
	What   string `json:"what"`
	Hits   int64  `json:"hits"`
	Misses int64  `json:"misses"`
}

// LeftOut is one content file that is not published, and why; or a page that a
// content adapter makes.
type LeftOut struct {
	File     string `json:"file"`
	Line     int    `json:"line,omitempty"`
	Page     string `json:"page,omitempty"`
	Language string `json:"language,omitempty"` // of that page, where the site has several
	Reason   string `json:"reason"`
}

// mostPages is how many pages of one content adapter a reader is told.
const mostPages = 20

func (l LeftOut) text() string {
	text := l.File
	if l.Line > 0 {
		text += fmt.Sprintf(":%d", l.Line)
	}
	if l.Page != "" {
		text += ": " + l.Page
	}
	if l.Language != "" {
		text += " in " + l.Language
	}
	return fmt.Sprintf("%s (%s)", text, l.Reason)
}

// Summary writes the summary; its last line carries the exit code, if there is
// one yet.
func (p Printer) Summary(s Summary) {
	if p.Format == JSON {
		m := map[string]any{
			"command": s.Command, "exit": s.Exit, "outcome": s.Outcome, "destination": s.Destination,
			"pages": s.Pages, "files": s.Files, "bytes": s.Bytes, "bytes_before_minifying": s.RawBytes,
			"errors": s.Errors, "warnings": s.Warnings, "left_out": orEmpty(s.LeftOut), "notes": orEmpty(s.Notes),
			"milliseconds": s.Duration.Milliseconds(), "cache": orEmpty(s.Cache), "cache_bytes": s.CacheBytes,
		}
		if s.Running {
			delete(m, "exit")
		}
		line, err := json.Marshal(m)
		if err == nil {
			fmt.Fprintf(p.Out, "%s\n", line)
		}
		return
	}
	var b strings.Builder
	if s.Files > 0 && s.Exit == 0 {
		fmt.Fprintf(&b, "%s, %s, %s (%s before minifying), in %s\n", plural(s.Pages, "page"), plural(s.Files, "file"), bytes(s.Bytes), bytes(s.RawBytes), seconds(s.Duration))
	}
	if len(s.LeftOut) > 0 {
		fmt.Fprintf(&b, "left out, %d:\n", len(s.LeftOut))
		of := make(map[string]int) // pages, by adapter
		for i, l := range s.LeftOut {
			if l.Page != "" {
				of[l.File]++
			}
			if n := of[l.File]; n <= mostPages {
				fmt.Fprintf(&b, "  %s\n", l.text())
			} else if i+1 == len(s.LeftOut) || s.LeftOut[i+1].File != l.File {
				fmt.Fprintf(&b, "  %s: %s more; --format json names all\n", l.File, plural(n-mostPages, "page"))
			}
		}
	}
	for _, c := range s.Cache {
		if s.Verbose {
			fmt.Fprintf(&b, "cache: %d of %d %s were there\n", c.Hits, c.Hits+c.Misses, c.What)
		}
	}
	for _, n := range s.Notes {
		fmt.Fprintf(&b, "note: %s\n", n)
	}
	if s.Errors+s.Warnings > 0 {
		fmt.Fprintf(&b, "%s, %s\n", plural(s.Errors, "error"), plural(s.Warnings, "warning"))
	}
	if s.Running {
		fmt.Fprintf(&b, "%s: %s\n", s.Command, s.Outcome)
	} else {
		fmt.Fprintf(&b, "%s: %s, exit=%d\n", s.Command, s.Outcome, s.Exit)
	}
	fmt.Fprint(p.Out, b.String())
}

func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

func bytes(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000*1000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000*1000*1000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	}
	return fmt.Sprintf("%.2f GB", float64(n)/1e9)
}

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
