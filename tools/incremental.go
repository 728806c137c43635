package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"duskpress/tools/hugo"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

// Where nothing changed since the last build but the bodies of a few pages, and
// that build left a record of what it read, only what the bodies change is
// rendered: incremental.md. Any doubt, before or amid the build, and everything is.

// mostChanged is how many changed bodies are worth it.
const mostChanged = 50

// recordFile is where a build with these flags leaves its record.
func (p *press) recordFile() string {
	if name := p.lastBuildFile(); name != "" {
		return name + ".record"
	}
	return ""
}

// beginPartial decides whether to render only what changed.
func (p *press) beginPartial() {
	p.partial = nil
	if p.whole != "" || !p.publish {
		return
	}
	if p.flags.full {
		p.whole = "--full was given"
		return
	}
	if _, err := os.Stat(p.recordFile()); err != nil && !p.flags.incremental {
		p.whole = "there is no record of the last build" // nor has a flag asked for one
		return
	}
	if p.last == nil || p.before == nil {
		p.whole = "nothing is known of the last build"
		return
	}
	partial, err := p.asPartial()
	if err != nil {
		p.whole = err.Error()
		p.log.Debug("everything is rendered", "stage", "load", "why", err)
		if err != errNotAsked {
			p.summary.Notes = append(p.summary.Notes, "everything is rendered: "+p.whole)
		}
		return
	}
	p.partial = partial
}

// decisionFile is where explain finds what the last build rendered, and why.
func (p *press) decisionFile() string { return filepath.Join(p.cacheDir(), "rendered.json") }

// endDecision leaves that.
func (p *press) endDecision() {
	d := pipeline.Decision{Whole: p.whole}
	if p.partial != nil {
		d.Rendered, d.Changed = p.partial.Rendered, slices.Sorted(maps.Keys(p.partial.Changed))
		p.summary.Notes = append(p.summary.Notes, fmt.Sprintf("%s rendered, all else is as it was", report.Count(len(d.Rendered), "page file")))
	}
	data, err := json.MarshalIndent(d, "", "  ")
	if err == nil {
		err = writeWhole(p.decisionFile(), append(data, '\n'))
	}
	if err != nil {
		p.log.Debug("what was rendered is not noted", "stage", "publish", "err", err)
	}
}

// readDecision reads it; nil where there is none.
func (p *press) readDecision() *pipeline.Decision {
	data, err := os.ReadFile(p.decisionFile())
	if err != nil {
		return nil
	}
	var d pipeline.Decision
	if json.Unmarshal(data, &d) != nil {
		return nil
	}
	return &d
}

var errNotAsked = errors.New("the last build was made with --incremental, and this one is not")

func (p *press) asPartial() (*pipeline.Partial, error) {
	if why := p.differsBeside(p.last); why != "" {
		return nil, errors.New(why)
	}
	names, ok := p.before.Changed()
	switch {
	case !ok:
		return nil, errors.New("files came or went")
	case len(names) == 0:
		return nil, errors.New("what is published is not as it was")
	case len(names) > mostChanged:
		return nil, fmt.Errorf("%d files changed", len(names))
	}
	record, err := readRecord(p.recordFile(), p.lastBuildFile())
	if err != nil {
		return nil, err
	}
	if !p.flags.incremental && !record.Asked {
		return nil, errNotAsked
	}
	changed := make(map[string]bool)
	for _, name := range names {
		rel, err := filepath.Rel(p.source, name)
		if err != nil {
			return nil, err
		}
		rel = filepath.ToSlash(rel)
		if _, ok := record.Visible[rel]; !ok {
			return nil, fmt.Errorf("%s is no content", rel)
		}
		front, err := hugo.FrontMatterSum(name)
		if err != nil || front != record.Front[rel] && !pipeline.Seeded("visible") {
			return nil, fmt.Errorf("more than the body of %s changed", rel)
		}
		changed[rel] = true
	}
	return &pipeline.Partial{Before: record, Changed: changed}, nil
}

// readRecord reads a record that belongs to what a build noted in another file.
func readRecord(name, last string) (*pipeline.Record, error) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, errors.New("there is no record of the last build")
	}
	head, body, _ := bytes.Cut(data, []byte("\n"))
	of, sum, _ := strings.Cut(string(head), " ")
	if got := sha256.Sum256(body); sum != hex.EncodeToString(got[:]) {
		return nil, errors.New("the record of the last build is damaged")
	}
	if of != firstLine(last) {
		return nil, errors.New("the record is of another build")
	}
	var r pipeline.Record
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, fmt.Errorf("the record of the last build: %w", err)
	}
	return &r, nil
}

// firstLine is the sum that the notes of a build begin with.
func firstLine(name string) string {
	f, err := os.Open(name)
	if err != nil {
		return "none"
	}
	defer f.Close()
	b := make([]byte, hex.EncodedLen(sha256.Size))
	if n, err := f.Read(b); err != nil || n < len(b) {
		return "none"
	}
	return string(b)
}

// endRecord leaves the record of a good build for the next one.
func (p *press) endRecord(pl *pipeline.Pipeline, engine *hugo.Engine, site *pipeline.Site) {
	name := p.recordFile()
	if name == "" {
		return
	}
	fail := func(err error) {
		p.log.Debug("the next build renders everything", "stage", "publish", "why", err)
		_ = os.Remove(name) // there may be none
	}
	if !engine.Records() || p.inputs == nil {
		_ = os.Remove(name)
		_ = os.Remove(p.decisionFile())
		return
	}
	p.endDecision()
	of := firstLine(p.lastBuildFile())
	if of == "none" {
		fail(errors.New("nothing can be told of the inputs"))
		return
	}
	record, err := pl.Record(engine, site)
	if err != nil {
		fail(err)
		return
	}
	record.Asked, _ = engine.Settings().Incremental()
	body, err := json.Marshal(record)
	if err != nil {
		fail(err)
		return
	}
	sum := sha256.Sum256(body)
	if err := writeWhole(name, append([]byte(of+" "+hex.EncodeToString(sum[:])+"\n"), body...)); err != nil {
		fail(err)
	}
}

// renderAll is for a doubt that came up amid a build: it begins anew.
func (p *press) renderAll(ctx context.Context, doubt *pipeline.DoubtError) error {
	p.progress.Done()
	p.log.Debug("everything is rendered after all", "stage", "load", "why", doubt.Why)
	notes := append(p.summary.Notes, "everything is rendered after all: "+doubt.Why) // of a damaged cache, say
	p.problems, p.summary = new(pipeline.Problems), report.Summary{Command: p.command, Verbose: p.verbose}
	p.cache, p.inputs, p.whole = nil, nil, doubt.Why
	err := p.run(ctx)
	for _, note := range p.summary.Notes {
		if !slices.Contains(notes, note) {
			notes = append(notes, note)
		}
	}
	p.summary.Notes = notes
	return err
}
