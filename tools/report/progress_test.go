package report

import (
	"strings"
	"testing"
	"time"
)

func TestProgress(t *testing.T) {
	tests := []struct {
		name     string
		progress *Progress
		age      time.Duration
		want     string
	}{
		{"a quick build says nothing", &Progress{Terminal: true}, 0, ""},
		{"one line on a terminal, removed at the end", &Progress{Terminal: true}, time.Minute, "\r\x1b[Krender\r\x1b[Kcheck\r\x1b[K"},
		{"a line a stage elsewhere", &Progress{}, time.Minute, "render\ncheck\n"},
		{"quiet", &Progress{Terminal: true, Quiet: true}, time.Minute, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var out strings.Builder
			p := tt.progress
			p.Out, p.start = &out, time.Now().Add(-tt.age)
			p.Report("render", 0)
			p.Report("render", 64) // too soon after the last to show
			p.Report("check", 0)
			p.Done()
			if out.String() != tt.want {
				t.Errorf("got %q, want %q", out.String(), tt.want)
			}
		})
	}
	var out strings.Builder
	p := &Progress{Out: &out, Terminal: true, start: time.Now().Add(-time.Minute), stage: "render"}
	p.Report("render", 640)
	if want := "\r\x1b[Krender: 640 files"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
