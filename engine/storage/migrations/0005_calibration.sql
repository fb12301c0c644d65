-- What the meters of a machine were found to be worth; every calibration is kept, the newest of an environment counts.
create table calibration (
    calibration_id text primary key,
    environment_id text not null,
    calibrated_at timestamptz not null,
    seconds double not null,
    is_quick boolean not null,
    process_spread double,
    pair_spread double,
    processes integer,
    pairs integer,
    cpu_busy_others double,
    cpu_steal double
);

-- `state` says whether the goal is reached, as of the release that made the calibration.
create table calibration_finding (
    calibration_id text not null,
    position integer not null,
    check_name text not null,
    value double,
    unit text not null,
    goal double,
    low double,
    high double,
    state text not null,
    is_available boolean not null,
    detail text not null,
    problem text
);

create view calibrations as
select
    calibration.calibration_id, calibration.environment_id, calibration.calibrated_at, calibration.is_quick,
    finding.check_name, finding.value, finding.unit, finding.goal, finding.low, finding.high, finding.state,
    finding.detail, finding.problem, calibration.process_spread, calibration.pair_spread, calibration.cpu_busy_others,
    calibration.cpu_steal
from calibration
join calibration_finding as finding using (calibration_id);
