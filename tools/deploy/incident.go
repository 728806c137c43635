package deploy

import (
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"time"
)

// An Incident is what is kept of a failure: enough to look into it, and to show
// it to others. It holds no secret.
type Incident struct {
	Time     time.Time `json:"time"`
	Command  string    `json:"command"`
	Host     string    `json:"host"`
	Site     string    `json:"site"`
	Failing  string    `json:"failing,omitempty"` // id of the deploy that is live and wrong
	Target   string    `json:"target,omitempty"`
	Why      string    `json:"why,omitempty"`
	Forced   bool      `json:"forced,omitempty"`
	Live     *Evidence `json:"live,omitempty"`      // what the probe saw
	OnTarget *Evidence `json:"on_target,omitempty"` //
	Failure  string    `json:"failure,omitempty"`
	Request  string    `json:"request,omitempty"`
}

// Evidence is what a probe saw at an address.
type Evidence struct {
	At     string `json:"at"`
	Passed bool   `json:"passed"`
	// Report holds requests and answers as text, headers and times included.
	Report string `json:"report"`
}

// dir is where an incident is kept.
func (in *Incident) dir(state string) string {
	return filepath.Join(state, "incidents", in.Time.UTC().Format("20060102T150405.000Z")+"-"+in.Command)
}

// keep writes an incident and returns its directory.
func (in *Incident) keep(state string, extra map[string]string) (string, error) {
	dir := in.dir(state)
	data, err := json.MarshalIndent(in, "", "  ")
	if err != nil {
		return "", err
	}
	if err := writeFile(filepath.Join(dir, "incident.json"), append(data, '\n')); err != nil {
		return "", err
	}
	for file, text := range extra {
		if err := writeFile(filepath.Join(dir, file), []byte(text)); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// requestFile is the name of the request that failed, or of what was read and
// is not what was sent.
const requestFile = "request.http"

// keepRequest keeps what ended a run in a form that an editor or `duskpress
// probe` can send again. The token is named, not written.
func (r *run) keepRequest(command string, err error) {
	if err == nil || r.DryRun {
		return
	}
	in := &Incident{Time: time.Now(), Command: command, Host: r.HostName, Site: r.site.ID, Failing: r.out.ID, Failure: r.out.Message}
	var f *Failure
	var e *Ending
	var call Call
	if errors.As(err, &f) {
		call, in.Failure, in.Request = f.Call, f.Error(), f.Request
	}
	files := make(map[string]string)
	title := fmt.Sprintf("%s failed: %s", command, oneLine(in.Failure))
	switch errors.As(err, &e); {
	case e != nil && e.seen != "":
		files[requestFile] = e.seen
	case call.URL == "" && (e == nil || e.call.URL == ""):
		return
	case call.URL == "":
		call = e.call
		fallthrough
	default:
		r.writeCall(files, in.dir(r.State), title, call)
	}
	dir, werr := in.keep(r.State, files)
	if werr != nil {
		r.Log.Warn("keeping the failed request", "err", werr)
		return
	}
	r.note("the request that failed is kept in " + filepath.Join(filepath.Base(r.State), "incidents", filepath.Base(dir)))
}

// inLine is how large a body may be that stands in the file of its request.
const inLine = 4 << 10

// writeCall writes a call as it was made, but for the token, as files of dir.
func (r *run) writeCall(files map[string]string, dir, title string, c Call) {
	var b strings.Builder
	fmt.Fprintf(&b, "### %s\n", title)
	if c.Page {
		fmt.Fprintf(&b, "%s %s\nAccept-Encoding: identity\n", c.Method, c.URL)
		files[requestFile] = b.String()
		return
	}
	fmt.Fprintf(&b, "# The token is read from the environment.\n%s %s\nAuthorization: Bearer {{$processEnv NETLIFY_AUTH_TOKEN}}\nAccept: application/json\n", c.Method, c.URL)
	switch {
	case c.File != "":
		fmt.Fprintf(&b, "Content-Type: application/octet-stream\n\n< %s\n", r.source(files, dir, c.File))
	case len(c.JSON) > inLine, strings.Contains(string(c.JSON), "{{"):
		files["request.json"] = string(c.JSON)
		fmt.Fprintf(&b, "Content-Type: application/json\n\n< ./request.json\n")
	case c.JSON != nil:
		fmt.Fprintf(&b, "Content-Type: application/json\n\n%s\n", c.JSON)
	}
	files[requestFile] = b.String()
}

// source is the path, from dir, of a file of the site.
func (r *run) source(files map[string]string, dir, name string) string {
	if data := r.manifest.Files[name].data; data != nil {
		files["body"] = string(data)
		return "./body"
	}
	at, err := filepath.Abs(filepath.Join(r.Freeze.Dir, filepath.FromSlash(name)))
	if err != nil {
		return name
	}
	if rel, err := filepath.Rel(dir, at); err == nil {
		at = rel
	}
	return filepath.ToSlash(at)
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
