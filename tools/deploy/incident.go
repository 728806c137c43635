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

// keep writes an incident and returns its directory.
func (in *Incident) keep(state string, extra map[string]string) (string, error) {
	name := in.Time.UTC().Format("20060102T150405.000Z") + "-" + in.Command
	dir := filepath.Join(state, "incidents", name)
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

// keepRequest keeps the request that ended a run, in a form that an editor or
// `duskpress probe` can send again. The token is named, not written.
func (r *run) keepRequest(command string, err error) {
	var f *Failure
	if !errors.As(err, &f) || f.URL == "" || r.journal == nil {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "### %s failed: %s\n", command, oneLine(f.Error()))
	fmt.Fprintf(&b, "# The token is read from the environment.\n%s %s\n", f.Method, f.URL)
	if strings.HasPrefix(f.Op, "read http") {
		fmt.Fprint(&b, "Accept-Encoding: identity\n")
	} else {
		fmt.Fprint(&b, "Authorization: Bearer {{$processEnv NETLIFY_AUTH_TOKEN}}\nAccept: application/json\n")
	}
	in := &Incident{Time: time.Now(), Command: command, Host: r.HostName, Site: r.site.ID, Failing: r.out.ID, Failure: f.Error(), Request: f.Request}
	dir, werr := in.keep(r.State, map[string]string{"request.http": b.String()})
	if werr != nil {
		r.Log.Warn("keeping the failed request", "err", werr)
		return
	}
	r.note("the request that failed is kept in " + filepath.Join(filepath.Base(r.State), "incidents", filepath.Base(dir)))
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
