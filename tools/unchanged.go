package main

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"duskpress/tools/hugo"
	"duskpress/tools/inputs"
	"duskpress/tools/pipeline"
	"duskpress/tools/publish"
	"duskpress/tools/report"
)

// When all that a build read is as it was, and what it published still stands
// there, there is nothing to do, and Hugo is not run. What shows it is written at
// the end of each good build, one file for each set of flags. Anything that is
// missing, damaged or cannot be told means that the site is built.

// lastBuild is what is kept of a good build.
type lastBuild struct {
	Identity    string            `json:"identity"`
	Destination string            `json:"destination"`
	Tree        string            `json:"tree"`
	Env         map[string]string `json:"env"` // sums of the variables that count
	Until       time.Time         `json:"until"`
	Zone        string            `json:"zone"`
	Pages       int               `json:"pages"`
	Files       int               `json:"files"`
	Bytes       int64             `json:"bytes"`
	RawBytes    int64             `json:"raw_bytes"`
	LeftOut     []report.LeftOut  `json:"left_out"`
	Problems    []pipeline.Problem
}

// toolNow is what the tool is: its identity, and which plugins registered.
func toolNow() string { return identity() + " " + strings.Join(pipeline.Default.Names(), " ") }

// errUnchanged ends a build that has nothing to do.
var errUnchanged = errors.New("nothing changed")

// lastBuildFile is where a build with these flags notes what it saw.
func (p *press) lastBuildFile() string {
	flags, err := json.Marshal(map[string]any{
		"source": p.source, "environment": p.environment, "config": p.flags.configFile, "configDir": p.flags.configDir,
		"clock": p.flags.clock, "minify": p.flags.minify, "hugo": p.flags.settings(), "cache": p.cacheDir(),
	})
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(flags)
	return filepath.Join(p.cacheDir(), "unchanged", hex.EncodeToString(sum[:12]))
}

// countedEnv sums the variables of the environment that count.
func countedEnv() map[string]string {
	m := make(map[string]string)
	for _, v := range os.Environ() {
		if name, value, _ := strings.Cut(v, "="); hugo.EnvName(name) {
			sum := sha256.Sum256([]byte(value)) // values may be secrets
			m[name] = hex.EncodeToString(sum[:])
		}
	}
	return m
}

// zone tells in which time zone the machine is.
func zone() string {
	name, offset := time.Now().Zone()
	return fmt.Sprint(time.Local, " ", name, " ", offset)
}

// readLastBuild reads what the last build noted; nil if there is nothing that
// can be trusted.
func readLastBuild(name string) (*lastBuild, *inputs.List) {
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, nil
	}
	first, rest, _ := bytes.Cut(data, []byte("\n"))
	if sum := sha256.Sum256(rest); string(first) != hex.EncodeToString(sum[:]) {
		return nil, nil
	}
	head, list, _ := bytes.Cut(rest, []byte("\n"))
	var b lastBuild
	if json.Unmarshal(head, &b) != nil {
		return nil, nil
	}
	l, err := inputs.Parse(list)
	if err != nil {
		return nil, nil
	}
	return &b, l
}

// sameAsLast reports whether the site is published as a build now would publish
// it. It also begins the list of inputs for the build that follows if not.
func (p *press) sameAsLast(ctx context.Context) bool {
	if p.flags.noCache || !p.publish || p.command != "build" {
		return false
	}
	name := p.lastBuildFile()
	last, list := readLastBuild(name)
	p.before, p.last = list, last
	if last == nil || p.flags.verifyCache {
		return false
	}
	why := p.differs(last, list)
	if why == "" {
		why = p.republish(ctx, last)
	}
	if why != "" {
		p.log.Debug("not as last time", "stage", "load", "why", why)
		return false
	}
	p.summary.Pages, p.summary.Files, p.summary.Bytes, p.summary.RawBytes, p.summary.LeftOut = last.Pages, last.Files, last.Bytes, last.RawBytes, last.LeftOut
	p.summary.Destination = last.Destination
	for _, x := range last.Problems {
		p.problems.Add(x)
	}
	return true
}

// differs says what is not as it was; empty if all is.
func (p *press) differs(last *lastBuild, list *inputs.List) string {
	if why := p.differsBeside(last); why != "" {
		return why
	}
	if changed, same := list.Same(); !same {
		return changed
	}
	return ""
}

// differsBeside is differs, the inputs aside.
func (p *press) differsBeside(last *lastBuild) string {
	if last.Identity != toolNow() {
		return "the tool"
	}
	now := time.Now()
	if p.flags.clock == "" && !last.Until.IsZero() && !now.Before(last.Until) {
		return "the time: something is due since " + last.Until.Format(time.RFC3339)
	}
	if last.Zone != zone() {
		return "the time zone"
	}
	env := countedEnv()
	for name, sum := range env {
		if last.Env[name] != sum {
			return "the environment: " + name
		}
	}
	for name := range last.Env {
		if _, ok := env[name]; !ok {
			return "the environment: " + name
		}
	}
	return ""
}

// republish looks at what is published, under the lock of a publish.
func (p *press) republish(ctx context.Context, last *lastBuild) string {
	session, err := publish.Open(ctx, publish.Options{Source: p.source, Destination: last.Destination, Holder: p.command, Log: p.log})
	if err != nil {
		return err.Error() // the build will say so
	}
	defer session.Close()
	if session.Recovered() != "" {
		return session.Recovered()
	}
	if !session.Intact(ctx, last.Tree) {
		return last.Destination
	}
	return ""
}

// beginInputs notes how the inputs are before anything is read.
func (p *press) beginInputs() {
	if p.flags.noCache || !p.publish || p.command != "build" {
		return
	}
	except := []string{filepath.Join(p.source, ".git"), filepath.Join(p.source, ".duskpress"), filepath.Join(p.source, "public")}
	place := inputs.Place{Roots: []string{p.source}, Except: except}
	if p.before != nil {
		place = p.before.Place
	}
	list, err := inputs.Take(place)
	if err != nil {
		p.log.Debug("the inputs cannot be listed", "stage", "load", "err", err)
		return
	}
	p.inputs = list
}

// endInputs notes what this build read and published.
func (p *press) endInputs(engine *hugo.Engine, tree string) {
	name := p.lastBuildFile()
	if p.inputs == nil || name == "" {
		return
	}
	fail := func(why string) {
		p.log.Debug("the next build cannot be left out", "stage", "publish", "why", why)
		_ = os.Remove(name)
	}
	in := engine.Inputs()
	if in.Doubt != "" {
		fail(in.Doubt)
		return
	}
	problems := p.problems.Sorted()
	if slices.ContainsFunc(problems, func(x pipeline.Problem) bool { return x.Rule == "clock" }) {
		fail("a problem tells the date")
		return
	}
	list, err := p.inputs.Complete(p.before, inputs.Place{Roots: in.Roots, Except: in.Except, Files: in.Files, Strict: in.Strict})
	if err != nil {
		fail(err.Error())
		return
	}
	b := lastBuild{
		Identity: toolNow(), Destination: p.summary.Destination, Tree: tree, Env: countedEnv(), Until: in.Until, Zone: zone(),
		Pages: p.summary.Pages, Files: p.summary.Files, Bytes: p.summary.Bytes, RawBytes: p.summary.RawBytes, LeftOut: p.summary.LeftOut, Problems: problems,
	}
	head, err := json.Marshal(b)
	if err != nil {
		fail(err.Error())
		return
	}
	body := append(append(head, '\n'), list.Bytes()...)
	sum := sha256.Sum256(body)
	data := append([]byte(hex.EncodeToString(sum[:])+"\n"), body...)
	if err := writeWhole(name, data); err != nil {
		fail(err.Error())
	}
}

// writeWhole replaces a file in one step.
func writeWhole(name string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), "new-")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		err = errors.Join(err, os.Remove(f.Name()))
	}
	return err
}
