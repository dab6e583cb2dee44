-- SPDX-License-Identifier: Apache-2.0
-- Who holds which role, since when, by whom and after which check of fitness
-- (operating rules 7.2.1, 7.2.2, 11.1). The records are append-only; held_roles
-- is what they amount to now, kept by triggers alone: the program can give
-- nobody a role but by an appointment.

-- An account of staff without roles is a disabled one.
ALTER TABLE accounts DROP CONSTRAINT accounts_staff_roles_check;
ALTER TABLE accounts ADD CONSTRAINT accounts_staff_roles_check
    CHECK (CASE WHEN kind = 'STAFF' THEN cardinality(roles) > 0 OR disabled_at IS NOT NULL ELSE cardinality(roles) = 0 END);

CREATE TABLE appointments (
    id           text        CONSTRAINT appointments_pkey PRIMARY KEY,
    account_id   text        NOT NULL CONSTRAINT appointments_account_fkey REFERENCES accounts (id),
    role         text        NOT NULL CONSTRAINT appointments_role_check
        CHECK (role IN ('SERVICE_OWNER', 'SERVICE_MANAGER', 'SERVICE_OPERATOR', 'RECEPTION', 'AUDITOR', 'MAINTAINER')),
    from_at      timestamptz NOT NULL,
    appointed_by text        NOT NULL,
    -- What was checked, when, by whom, and that it was declared. Null only for
    -- appointments that are older than this record.
    checked      text[]      CONSTRAINT appointments_checked_check CHECK (checked <@ ARRAY['CONDUCT', 'CAREER', 'KNOWLEDGE'] AND cardinality(checked) = 3),
    checked_on   date,
    checked_by   text,
    checked_at   timestamptz,
    declared     boolean     CONSTRAINT appointments_declared_check CHECK (declared),
    sealed       bytea,
    CONSTRAINT appointments_fitness_check CHECK (num_nulls(checked, checked_on, checked_by, checked_at, declared, sealed) IN (0, 6)),
    CONSTRAINT appointments_recorded_check CHECK (checked IS NOT NULL OR appointed_by = 'migration')
);
CREATE INDEX appointments_account_idx ON appointments (account_id, from_at);

CREATE TABLE dismissals (
    appointment_id text        CONSTRAINT dismissals_pkey PRIMARY KEY CONSTRAINT dismissals_appointment_fkey REFERENCES appointments (id),
    at             timestamptz NOT NULL,
    dismissed_by   text        NOT NULL,
    sealed         bytea       NOT NULL
);

-- The first half of the auditor's dismissal.
CREATE TABLE dismissal_proposals (
    appointment_id text        CONSTRAINT dismissal_proposals_pkey PRIMARY KEY CONSTRAINT dismissal_proposals_appointment_fkey REFERENCES appointments (id),
    at             timestamptz NOT NULL,
    proposed_by    text        NOT NULL,
    sealed         bytea       NOT NULL
);

CREATE TABLE held_roles (
    account_id     text NOT NULL CONSTRAINT held_roles_account_fkey REFERENCES accounts (id),
    role           text NOT NULL,
    appointment_id text NOT NULL CONSTRAINT held_roles_appointment_key UNIQUE CONSTRAINT held_roles_appointment_fkey REFERENCES appointments (id),
    CONSTRAINT held_roles_pkey PRIMARY KEY (account_id, role)
);
-- One person each, reception any number (7.2.1).
CREATE UNIQUE INDEX held_roles_single_key ON held_roles (role) WHERE role <> 'RECEPTION';

-- The pairs of roles of which one checks the other: those of poa/role.go.
CREATE FUNCTION roles_exclude(one text, other text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT one <> other AND ('AUDITOR' IN (one, other)
        OR (one, other) IN (VALUES ('SERVICE_OWNER', 'SERVICE_MANAGER'), ('SERVICE_OWNER', 'SERVICE_OPERATOR'), ('SERVICE_OWNER', 'MAINTAINER'),
            ('SERVICE_OWNER', 'RECEPTION'), ('SERVICE_MANAGER', 'SERVICE_OPERATOR'), ('SERVICE_MANAGER', 'MAINTAINER'),
            ('SERVICE_MANAGER', 'RECEPTION'), ('SERVICE_OPERATOR', 'MAINTAINER'))
        OR (other, one) IN (VALUES ('SERVICE_OWNER', 'SERVICE_MANAGER'), ('SERVICE_OWNER', 'SERVICE_OPERATOR'), ('SERVICE_OWNER', 'MAINTAINER'),
            ('SERVICE_OWNER', 'RECEPTION'), ('SERVICE_MANAGER', 'SERVICE_OPERATOR'), ('SERVICE_MANAGER', 'MAINTAINER'),
            ('SERVICE_MANAGER', 'RECEPTION'), ('SERVICE_OPERATOR', 'MAINTAINER')))
$$;

-- What an account holds, in the order of the operating rules.
CREATE FUNCTION roles_held(account text) RETURNS text[]
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT coalesce(array_agg(h.role ORDER BY array_position(
        ARRAY['SERVICE_OWNER', 'SERVICE_MANAGER', 'SERVICE_OPERATOR', 'RECEPTION', 'AUDITOR', 'MAINTAINER'], h.role)), '{}')
    FROM public.held_roles h WHERE h.account_id = account
$$;

CREATE FUNCTION appointment_holds() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM FROM public.accounts WHERE id = NEW.account_id AND kind = 'STAFF' FOR NO KEY UPDATE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'only staff are appointed' USING ERRCODE = 'check_violation', CONSTRAINT = 'appointments_staff';
    END IF;
    IF EXISTS (SELECT FROM public.held_roles WHERE account_id = NEW.account_id AND public.roles_exclude(role, NEW.role)) THEN
        RAISE EXCEPTION 'the roles exclude each other' USING ERRCODE = 'unique_violation', CONSTRAINT = 'held_roles_exclusion';
    END IF;
    INSERT INTO public.held_roles (account_id, role, appointment_id) VALUES (NEW.account_id, NEW.role, NEW.id);
    UPDATE public.accounts SET roles = public.roles_held(NEW.account_id), disabled_at = NULL WHERE id = NEW.account_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER appointments_hold AFTER INSERT ON appointments FOR EACH ROW EXECUTE FUNCTION appointment_holds();

CREATE FUNCTION dismissal_ends() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    ended public.held_roles;
    rest text[];
BEGIN
    DELETE FROM public.held_roles WHERE appointment_id = NEW.appointment_id RETURNING * INTO ended;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the appointment ended' USING ERRCODE = 'unique_violation', CONSTRAINT = 'dismissals_held';
    END IF;
    IF ended.role = 'AUDITOR' AND NOT EXISTS (SELECT FROM public.dismissal_proposals WHERE appointment_id = NEW.appointment_id AND proposed_by <> NEW.dismissed_by) THEN
        RAISE EXCEPTION 'nobody else proposed it' USING ERRCODE = 'check_violation', CONSTRAINT = 'dismissals_two_persons';
    END IF;
    rest := public.roles_held(ended.account_id);
    UPDATE public.accounts SET roles = rest, disabled_at = CASE WHEN cardinality(rest) = 0 THEN NEW.at ELSE disabled_at END WHERE id = ended.account_id;
    RETURN NULL;
END
$$;
CREATE TRIGGER dismissals_end AFTER INSERT ON dismissals FOR EACH ROW EXECUTE FUNCTION dismissal_ends();

-- The service owner hands over: at the commit there is one.
CREATE FUNCTION owner_remains() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM public.held_roles WHERE role = 'SERVICE_OWNER') THEN
        RAISE EXCEPTION 'no service owner is left' USING ERRCODE = 'check_violation', CONSTRAINT = 'dismissals_owner_remains';
    END IF;
    RETURN NULL;
END
$$;
CREATE CONSTRAINT TRIGGER dismissals_owner_remains AFTER INSERT ON dismissals DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION owner_remains();

-- What an account of staff says it holds is what it was appointed to.
CREATE FUNCTION account_is_appointed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM public.accounts a WHERE a.id = NEW.id AND a.kind = 'STAFF'
        AND NOT (a.roles <@ public.roles_held(a.id) AND a.roles @> public.roles_held(a.id))) THEN
        RAISE EXCEPTION 'a role without an appointment' USING ERRCODE = 'check_violation', CONSTRAINT = 'accounts_appointed';
    END IF;
    RETURN NULL;
END
$$;

-- Whoever holds a role already holds it by an appointment of the migration's.
INSERT INTO appointments (id, account_id, role, from_at, appointed_by)
SELECT 'apt_' || substr(md5(a.id || r.role), 1, 26), a.id, r.role, a.created_at, 'migration'
FROM accounts a CROSS JOIN LATERAL unnest(a.roles) AS r (role) WHERE a.kind = 'STAFF' AND a.disabled_at IS NULL
ORDER BY a.created_at, a.id;

CREATE CONSTRAINT TRIGGER accounts_appointed AFTER INSERT OR UPDATE OF roles ON accounts DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW WHEN (NEW.kind = 'STAFF') EXECUTE FUNCTION account_is_appointed();

REVOKE EXECUTE ON FUNCTION appointment_holds(), dismissal_ends(), owner_remains(), account_is_appointed() FROM PUBLIC;
GRANT SELECT, INSERT ON appointments, dismissals, dismissal_proposals TO ininjo_program;
GRANT SELECT ON held_roles TO ininjo_program;
GRANT SELECT ON appointments, dismissals, dismissal_proposals, held_roles TO ininjo_auditor;
GRANT SELECT, DELETE ON appointments, dismissals, dismissal_proposals TO ininjo_retention;
