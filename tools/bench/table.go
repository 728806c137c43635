package main

import (
	"cmp"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"time"
)

// A row is one scenario in the report.
type row struct {
	Scenario string              `json:"scenario"`
	About    string              `json:"about"`
	Medians  map[string]result   `json:"medians"`
	Runs     map[string][]result `json:"runs"`
	// Ratios are ours to Hugo's.
	Ratios map[string]float64 `json:"ratios"`
}

type report struct {
	Corpus     corpus `json:"corpus"`
	OS         string `json:"os"`
	Arch       string `json:"arch"`
	Processors int    `json:"processors"`
	Files      int    `json:"files"`
	Bytes      int64  `json:"bytes"`
	Rows       []row  `json:"rows"`
}

func (m *meter) report(chosen []scenario) report {
	r := report{Corpus: m.corpus, OS: runtime.GOOS, Arch: runtime.GOARCH, Processors: runtime.NumCPU()}
	r.Files, r.Bytes = output(filepath.Join(m.contestants()[1].dir, "public"))
	for _, s := range chosen {
		at := row{Scenario: s.name, About: s.about, Runs: m.results[s.name], Medians: make(map[string]result)}
		for _, c := range m.contestants() {
			at.Medians[c.name] = medians(at.Runs[c.name])
		}
		ours, theirs := at.Medians["duskpress"], at.Medians["hugo"]
		at.Ratios = map[string]float64{
			"wall": ratio(ours.Wall, theirs.Wall), "cpu": ratio(ours.CPU, theirs.CPU), "memory": ratio(ours.Memory, theirs.Memory),
		}
		r.Rows = append(r.Rows, at)
	}
	return r
}

// medians takes each figure by itself.
func medians(runs []result) result {
	return result{
		Wall:   median(runs, func(r result) time.Duration { return r.Wall }),
		CPU:    median(runs, func(r result) time.Duration { return r.CPU }),
		Memory: median(runs, func(r result) int64 { return r.Memory }),
	}
}

func median[T cmp.Ordered](runs []result, of func(result) T) T {
	var list []T
	for _, r := range runs {
		list = append(list, of(r))
	}
	slices.Sort(list)
	if len(list) == 0 {
		var zero T
		return zero
	}
	return list[len(list)/2]
}

func ratio[T ~int64](a, b T) float64 {
	if b == 0 {
		return 0
	}
	return float64(a) / float64(b)
}

// table writes Markdown.
func (m *meter) table(w io.Writer, chosen []scenario) {
	r := m.report(chosen)
	fmt.Fprintf(w, "%d posts of %d bytes, %.0f %% code, %d tags, %d pictures, theme %s; %d files, %.1f MB; %d processors, %s/%s; medians of %d\n\n",
		r.Corpus.Posts, r.Corpus.Bytes, 100*r.Corpus.Code, r.Corpus.Tags, r.Corpus.Images, r.Corpus.Theme, r.Files, float64(r.Bytes)/1e6, r.Processors, r.OS, r.Arch, m.runs)
	fmt.Fprint(w, "| | duskpress | hugo --minify | ratio | CPU | | ratio | peak memory | | ratio |\n|---|---|---|---|---|---|---|---|---|---|\n")
	for _, at := range r.Rows {
		a, b := at.Medians["duskpress"], at.Medians["hugo"]
		fmt.Fprintf(w, "| %s | %.2f s | %.2f s | **%.2f** | %.2f s | %.2f s | %.2f | %d MB | %d MB | %.2f |\n", at.About,
			a.Wall.Seconds(), b.Wall.Seconds(), at.Ratios["wall"], a.CPU.Seconds(), b.CPU.Seconds(), at.Ratios["cpu"], a.Memory>>20, b.Memory>>20, at.Ratios["memory"])
		if e, ok := at.Medians["eleventy"]; ok {
			fmt.Fprintf(w, "| … Eleventy | %.2f s | | | %.2f s | | | %d MB | | |\n", e.Wall.Seconds(), e.CPU.Seconds(), e.Memory>>20)
		}
	}
}
