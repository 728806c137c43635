package pipeline

import "context"

// Collect finds the content files and runs the Collect hooks, and no more: it
// is what commands need that ask about content and make no site. Problems go
// to Problems; the collection is there in spite of them.
func (p *Pipeline) Collect(ctx context.Context, engine Engine) (*Collection, error) {
	p.report("collect", 0)
	collection, err := engine.Collect(ctx)
	if err != nil {
		return nil, err
	}
	return collection, p.each(ctx, PhaseCollect, func(s step) error { return s.hooks.Collect(ctx, collection) })
}
