// SPDX-License-Identifier: Apache-2.0

package db

import (
	"context"
	"fmt"
	"time"

	"github.com/uptrace/bun"

	"ininjo/poa"
)

type appointmentRow struct {
	bun.BaseModel `bun:"table:appointments,alias:p"`

	ID          string     `bun:"id,pk"`
	AccountID   string     `bun:"account_id"`
	Role        string     `bun:"role"`
	FromAt      time.Time  `bun:"from_at"`
	AppointedBy string     `bun:"appointed_by"`
	Checked     []string   `bun:"checked,array"`
	CheckedOn   *time.Time `bun:"checked_on,type:date"`
	CheckedBy   *string    `bun:"checked_by"`
	CheckedAt   *time.Time `bun:"checked_at"`
	Declared    *bool      `bun:"declared"`
	Sealed      []byte     `bun:"sealed"`

	Until          *time.Time `bun:"until,scanonly"`
	DismissedBy    *string    `bun:"dismissed_by,scanonly"`
	Ground         []byte     `bun:"ground,scanonly"`
	ProposedBy     *string    `bun:"proposed_by,scanonly"`
	ProposedGround []byte     `bun:"proposed_ground,scanonly"`
}

type dismissalRow struct {
	bun.BaseModel `bun:"table:dismissals,alias:d"`

	AppointmentID string    `bun:"appointment_id,pk"`
	At            time.Time `bun:"at"`
	By            string    `bun:"dismissed_by"`
	Sealed        []byte    `bun:"sealed"`
}

type proposalRow struct {
	bun.BaseModel `bun:"table:dismissal_proposals,alias:o"`

	AppointmentID string    `bun:"appointment_id,pk"`
	At            time.Time `bun:"at"`
	By            string    `bun:"proposed_by"`
	Sealed        []byte    `bun:"sealed"`
}

// InsertAppointment makes an account hold a role: ErrConflict where the role is
// taken, or excludes one that the account holds.
func (t *tx) InsertAppointment(ctx context.Context, a poa.Appointment) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(a.AccountID), "appointments", "sealed", a.ID, a.Fitness.Note)
	if err != nil {
		return fmt.Errorf("inserting appointment: %w", err)
	}
	f := a.Fitness
	on := time.Date(f.On.Year, f.On.Month, f.On.Day, 0, 0, 0, 0, time.UTC)
	row := appointmentRow{ID: a.ID, AccountID: a.AccountID, Role: string(a.Role), FromAt: a.From.UTC(), AppointedBy: a.AppointedBy, Checked: texts(f.Items),
		CheckedOn: &on, CheckedBy: nullText(f.By), CheckedAt: nullTime(f.At), Declared: &f.Declared, Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting appointment")
}

// InsertDismissal ends an appointment; ErrConflict where it ended.
func (t *tx) InsertDismissal(ctx context.Context, d poa.Dismissal) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(d.AccountID), "dismissals", "sealed", d.AppointmentID, d.Ground)
	if err != nil {
		return fmt.Errorf("inserting dismissal: %w", err)
	}
	row := dismissalRow{AppointmentID: d.AppointmentID, At: d.At.UTC(), By: d.By, Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting dismissal")
}

// InsertDismissalProposal proposes that an appointment ends; ErrConflict where
// that was proposed.
func (t *tx) InsertDismissalProposal(ctx context.Context, d poa.Dismissal) error {
	sealed, err := t.db.seal.SealJSON(ctx, accountSubject(d.AccountID), "dismissal_proposals", "sealed", d.AppointmentID, d.Ground)
	if err != nil {
		return fmt.Errorf("inserting proposal: %w", err)
	}
	row := proposalRow{AppointmentID: d.AppointmentID, At: d.At.UTC(), By: d.By, Sealed: sealed}
	_, err = t.q.NewInsert().Model(&row).Exec(ctx)
	return failed(err, "inserting proposal")
}

// maxAppointments bounds the list of all that there ever were.
const maxAppointments = 1000

// Holders are the appointments that hold.
func (r reader) Holders(ctx context.Context) ([]poa.Appointment, error) {
	return r.appointments(ctx, func(q *bun.SelectQuery) *bun.SelectQuery {
		return q.Where("EXISTS (SELECT FROM held_roles AS h WHERE h.appointment_id = p.id)")
	})
}

// Appointments are all there ever were, newest first.
func (r reader) Appointments(ctx context.Context) ([]poa.Appointment, error) {
	return r.appointments(ctx, func(q *bun.SelectQuery) *bun.SelectQuery { return q })
}

func (r reader) appointments(ctx context.Context, filter func(*bun.SelectQuery) *bun.SelectQuery) ([]poa.Appointment, error) {
	var rows []appointmentRow
	q := r.q.NewSelect().Model(&rows).
		ColumnExpr("p.id, p.account_id, p.role, p.from_at, p.appointed_by, p.checked, p.checked_on, p.checked_by, p.checked_at, p.declared, p.sealed").
		ColumnExpr("d.at AS until, d.dismissed_by, d.sealed AS ground, o.proposed_by, o.sealed AS proposed_ground").
		Join("LEFT JOIN dismissals AS d ON d.appointment_id = p.id").Join("LEFT JOIN dismissal_proposals AS o ON o.appointment_id = p.id")
	if err := filter(q).OrderExpr("p.from_at DESC, p.id DESC").Limit(maxAppointments).Scan(ctx); err != nil {
		return nil, failed(err, "reading appointments")
	}
	all := make([]poa.Appointment, len(rows))
	for i, row := range rows {
		var err error
		if all[i], err = r.toAppointment(ctx, row); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (r reader) toAppointment(ctx context.Context, row appointmentRow) (poa.Appointment, error) {
	a := poa.Appointment{ID: row.ID, AccountID: row.AccountID, Role: poa.Role(row.Role), From: row.FromAt.UTC(), AppointedBy: row.AppointedBy,
		Until: fromNullTime(row.Until), DismissedBy: fromNullText[string](row.DismissedBy), ProposedBy: fromNullText[string](row.ProposedBy),
		Fitness: poa.Fitness{Items: fromTexts[poa.FitnessItem](row.Checked), On: fromDay(row.CheckedOn), By: fromNullText[string](row.CheckedBy),
			At: fromNullTime(row.CheckedAt), Declared: row.Declared != nil && *row.Declared}}
	for _, part := range []struct {
		table  string
		sealed []byte
		text   *string
	}{{"appointments", row.Sealed, &a.Fitness.Note}, {"dismissals", row.Ground, &a.Ground}, {"dismissal_proposals", row.ProposedGround, &a.ProposedGround}} {
		if len(part.sealed) == 0 {
			continue
		}
		if err := r.openUnlessErased(ctx, accountSubject(a.AccountID), part.table, a.ID, part.sealed, part.text); err != nil {
			return poa.Appointment{}, err
		}
	}
	return a, nil
}

// StaffNames tells the names of staff by their accounts; those erased are left out.
func (r reader) StaffNames(ctx context.Context, ids []string) (map[string]string, error) {
	names := map[string]string{}
	if len(ids) == 0 {
		return names, nil
	}
	var rows []accountRow
	if err := r.q.NewSelect().Model(&rows).Where("id IN (?)", bun.List(ids)).Scan(ctx); err != nil {
		return nil, failed(err, "reading names of staff")
	}
	for _, row := range rows {
		account, err := r.toAccount(ctx, row)
		if err != nil {
			return nil, err
		}
		if account.Name != "" {
			names[account.ID] = account.Name
		}
	}
	return names, nil
}
