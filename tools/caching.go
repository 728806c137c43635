package main

import (
	"os"
	"path/filepath"

	"duskpress/tools/cache"
	"duskpress/tools/pipeline"
	"duskpress/tools/report"
)

// openCache gives the pipeline what earlier builds have kept.
func (p *press) openCache(pl *pipeline.Pipeline) {
	if p.flags.noCache {
		return
	}
	p.log.Debug("cache", "stage", "load", "dir", p.cacheDir(), "identity", identity())
	p.cache = cache.Open(cache.Options{Dir: filepath.Join(p.cacheDir(), "results"), Log: p.log})
	pl.Cache, pl.Identity = p.cache, identity()
}

// closeCache keeps what this build made, and takes the figures.
func (p *press) closeCache() {
	if p.cache == nil {
		return
	}
	for _, f := range p.cache.Figures() {
		p.summary.Cache = append(p.summary.Cache, report.CacheUse{What: pipeline.KindName(f.Kind), Hits: f.Hits, Misses: f.Misses})
	}
	p.summary.CacheBytes = p.cache.Bytes()
	p.summary.Notes = append(p.summary.Notes, p.cache.Close()...)
	p.cache = nil
}

// anew sees to it that without a cache Hugo's pictures are made anew as well.
// What it has from other hosts, and its modules, are no results of a build.
func (p *press) anew() (err error) {
	if !p.flags.noCache {
		return nil
	}
	if _, err := os.Stat(p.source); err != nil {
		return nil // which loading reports
	}
	p.resources, err = p.workDir("anew-")
	return err
}
