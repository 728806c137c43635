package report

import (
	"strings"
	"testing"
)

func TestBar(t *testing.T) {
	for _, c := range []struct {
		files, of int
		n, all    int64
		want      string
	}{
		{0, 0, 0, 0, "uploading"},
		{0, 4, 0, 1000, "uploading  [........................] 0/4 files, 0 B of 1.0 kB"},
		{2, 4, 500, 1000, "uploading  [############............] 2/4 files, 500 B of 1.0 kB"},
		{1, 1, 0, 0, "uploading  [########################] 1/1 file"},
		{4, 4, 2000, 1000, "uploading  [########################] 4/4 files, 2.0 kB of 1.0 kB"},
	} {
		if got := barLine("uploading", c.files, c.of, c.n, c.all); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
	// On a terminal one line is rewritten, and is gone at the end.
	var b strings.Builder
	bar := &Bar{Out: &b, Terminal: true}
	bar.Report("uploading", 0, 2, 0, 10)
	bar.Report("uploading", 2, 2, 10, 10)
	bar.Done()
	if got := b.String(); strings.Contains(got, "\n") || strings.Count(got, "\r\x1b[K") != 3 || !strings.HasSuffix(got, "\r\x1b[K") {
		t.Errorf("%q", got)
	}
	// Elsewhere there is a line a stage, and quiet is quiet.
	b.Reset()
	bar = &Bar{Out: &b}
	for i := range 5 {
		bar.Report("uploading", i, 5, 0, 0)
	}
	bar.Report("verifying", 0, 0, 0, 0)
	bar.Done()
	if got := b.String(); got != "uploading\nverifying\n" {
		t.Errorf("%q", got)
	}
	b.Reset()
	(&Bar{Out: &b, Quiet: true}).Report("x", 0, 0, 0, 0)
	if b.Len() > 0 {
		t.Errorf("%q", b.String())
	}
}
