// Package console shows the records of idemgen's tasks in a browser: what runs, what
// is stuck, what happened over the last day, and one record in detail. Mount it where
// your team's admin pages are, behind their login, since it has none of its own:
//
//	inspector := ops.New(redisClient)
//	recorder := console.NewRecorder()
//	client := idem.New(store, idem.WithObserver(recorder.Observe))
//	mux.Handle("/admin/idem/", requireOperator(console.New(inspector, console.WithRecorder(recorder))))
//
// It works below any path, with or without http.StripPrefix, and behind a proxy. It
// needs nothing from elsewhere: its pages are made on the server, work without
// JavaScript, and keep themselves up to date with it.
//
// Unless [WithWrites] is given it only reads, and unless [WithPayloads] is given it
// shows no reason, metadata or value.
package console
