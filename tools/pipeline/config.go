package pipeline

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Settings are what plugins may know of the site's configuration.
type Settings struct {
	Source  string // absolute directory of the site
	BaseURL string // of the default language
	// BaseURLGiven says that a flag or the environment set it for this run.
	BaseURLGiven bool
	Environment  string     // production, development, …
	Compat       bool       // no [params.duskpress]: behave as the hugo command does
	Minify       bool       // --minify, true unless switched off
	Now          time.Time  // the clock of the build
	Taxonomies   []string   // plurals, those of every language, sorted
	Languages    []Language // default language first
	// Section returns the engine's own decoded configuration of that name,
	// such as "minify", or nil.
	Section func(name string) any
	// Params is [params.duskpress], keys in lower case.
	Params map[string]any
	// ConfigFile is where the site's main configuration stands, for messages.
	ConfigFile string
	// Locate finds a dotted key in the configuration files, for messages.
	Locate func(key string) (file string, line, column int)
	// External lets checks ask other hosts; nothing does without it.
	External bool
	// CacheDir is where results that can be made again are kept.
	CacheDir string
	// Note has something said in the summary that is no problem. It may be nil.
	Note func(string)
}

// A Language of the site and the directories, absolute, that hold its content.
type Language struct {
	Code         string
	ContentRoots []string
	// BaseURL is where the language will be, and Dir, empty or ending with /, the
	// files for that, where each language has a host of its own.
	BaseURL, Dir string
}

// Setup is what a plugin's New gets.
type Setup struct {
	Settings
	name string
	raw  map[string]any
}

// Decode writes [params.duskpress.plugins.NAME] over the defaults in v, a
// pointer to a struct with json tags in lower case. A key the struct does not
// have is an error that names the nearest one that it has.
func (s *Setup) Decode(v any) error {
	raw := make(map[string]any)
	for key, val := range s.raw {
		if key != "disabled" {
			raw[key] = val
		}
	}
	return decodeStrict(raw, v)
}

func decodeStrict(raw map[string]any, v any) error {
	b, err := json.Marshal(raw)
	if err != nil {
		return err
	}
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(v); err != nil {
		return &ConfigError{Err: explain(err, v)}
	}
	return nil
}

// ConfigError is a fault in [params.duskpress]. Key is the dotted key below it;
// in an error from a plugin's New, below the table of the plugin.
type ConfigError struct {
	Key string
	Err error
}

func (e *ConfigError) Error() string { return e.Err.Error() }
func (e *ConfigError) Unwrap() error { return e.Err }

func explain(err error, v any) error {
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		name = strings.Trim(name, `"`)
		return &unknownKeyError{name: name, known: jsonKeys(v)}
	}
	var typeErr *json.UnmarshalTypeError
	if errors.As(err, &typeErr) {
		return fmt.Errorf("%s must be a %s, not a %s", typeErr.Field, typeErr.Type, typeErr.Value)
	}
	return err
}

type unknownKeyError struct {
	name  string
	known []string
}

func (e *unknownKeyError) Error() string {
	return fmt.Sprintf("unknown key %q%s", e.name, didYouMean(e.name, e.known))
}

// jsonKeys lists the keys that v encodes to.
func jsonKeys(v any) []string {
	b, err := json.Marshal(v)
	if err != nil {
		return nil
	}
	var m map[string]json.RawMessage
	if json.Unmarshal(b, &m) != nil {
		return nil
	}
	return slices.Sorted(maps.Keys(m))
}

// ruleValues are what a rule can be set to.
var ruleValues = []string{"error", "warning", "off"}

// Incremental says whether the site wants only what changed to be rendered, and
// whether it says anything of that.
func (s Settings) Incremental() (want, said bool) {
	value, said := s.Params["incremental"]
	want, _ = value.(bool)
	return want, said
}

// rules reads [params.duskpress.rules].
func (s Settings) rules(known map[string]string) (Rules, error) {
	raw, ok := s.Params["rules"]
	if !ok {
		return nil, nil
	}
	table, ok := raw.(map[string]any)
	if !ok {
		return nil, &ConfigError{Key: "rules", Err: errors.New("rules must be a table of rule names")}
	}
	rules := make(Rules)
	for _, name := range slices.Sorted(maps.Keys(table)) {
		value, _ := table[name].(string)
		if !slices.Contains(ruleValues, value) {
			return nil, &ConfigError{Key: "rules." + name, Err: fmt.Errorf("rule %q is set to %v, want one of %s", name, table[name], strings.Join(ruleValues, ", "))}
		}
		if _, ok := known[name]; !ok {
			return nil, &ConfigError{Key: "rules." + name, Err: fmt.Errorf("unknown rule %q%s", name, didYouMean(name, slices.Sorted(maps.Keys(known))))}
		}
		if Fixed(name) {
			return nil, &ConfigError{Key: "rules." + name, Err: fmt.Errorf("rule %q is always an error", name)}
		}
		rules[name] = value
	}
	return rules, nil
}

// pluginTable returns [params.duskpress.plugins.NAME].
func (s Settings) pluginTable(name string) (table map[string]any, disabled bool, err error) {
	all, _ := s.Params["plugins"].(map[string]any)
	raw, ok := all[name]
	if !ok {
		return nil, false, nil
	}
	key := "plugins." + name
	table, ok = raw.(map[string]any)
	if !ok {
		return nil, false, &ConfigError{Key: key, Err: fmt.Errorf("the configuration of plugin %q must be a table", name)}
	}
	if d, ok := table["disabled"]; ok {
		if disabled, ok = d.(bool); !ok {
			return nil, false, &ConfigError{Key: key + ".disabled", Err: fmt.Errorf("disabled must be true or false, not %v", d)}
		}
	}
	return table, disabled, nil
}
