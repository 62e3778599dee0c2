//! The clubs a player is with: his own, the parent of a farm club, and those of the day.

use crate::{
    answer::{Ballpark, Club, ClubStint, Part, Player, Zone, each_once},
    mlb::{
        model::{PlayerProfile, TeamProfile},
        poller::{Poller, attempts::PartKey},
        upstream::PollError,
    },
};
use std::{collections::BTreeMap, time::Duration};
use time::{Date, OffsetDateTime};

/// Limit on the teams requested for one reply: more than a player is with in two days.
const TEAMS_CAP: usize = 6;
/// Time within which the player is not requested again because a roster does not list him.
const JUST_ASKED: Duration = Duration::from_secs(10 * 60);

/// The player's profile, and the teams he may be with.
#[derive(Default)]
pub(crate) struct Whereabouts {
    /// Whether the log of this process names the player and his club.
    is_logged: bool,
    person: Option<(PlayerProfile, OffsetDateTime)>,
    teams: BTreeMap<u32, TeamProfile>,
}

impl Poller {
    pub(crate) fn read_player(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let person = self.client.person(self.facts.player.value.id)?;
        let player = &mut self.facts.player.value;
        player.name.clone_from(&person.name);
        player.short_name.clone_from(&person.short_name);
        player.debut = person.debut.or(player.debut);
        let mut teams = BTreeMap::new();
        if let Some((team, parent)) = person.current_team.clone().zip(person.parent) {
            teams.insert(team.id, TeamProfile::farm(team, parent));
        }
        let is_logged = self.whereabouts.is_logged;
        self.whereabouts = Whereabouts { is_logged, person: Some((person, now)), teams };
        // His club is known once the teams are.
        self.attempts.forget(PartKey::Club);
        if self.teams_wanted(now).is_empty() {
            self.settle(now);
        }
        Ok(())
    }

    /// Reads the player's teams, and derives his club from them.
    pub(crate) fn read_club(&mut self, now: OffsetDateTime) -> Result<(), PollError> {
        let mut failed = None;
        // A farm club leads to its parent.
        for _ in 0..2 {
            for id in self.teams_wanted(now) {
                match self.client.team(id) {
                    Ok(team) => drop(self.whereabouts.teams.insert(id, team)),
                    Err(refusal) => failed = Some(refusal),
                }
            }
        }
        match failed {
            Some(refusal) if self.home_team(now).is_none() => Err(refusal),
            _ => {
                self.settle(now);
                Ok(())
            }
        }
    }

    /// Whether there are teams of his to request.
    pub(crate) fn has_teams(&self, now: OffsetDateTime) -> bool {
        !self.team_ids(now).is_empty()
    }

    /// The clubs whose games are requested: the watched one, and those he was with yesterday or today.
    pub(crate) fn clubs(&self, now: OffsetDateTime) -> Vec<u32> {
        let today = self.today(now);
        let of_days = [yesterday(today), today].map(|day| self.facts.player.value.clubs_on(day));
        each_once(self.watched().into_iter().chain(of_days.into_iter().flatten()))
    }

    /// Makes the player due, because his club's roster does not list him.
    pub(crate) fn player_may_have_left(&mut self, now: OffsetDateTime) {
        let asked_at = self.whereabouts.person.as_ref().map(|(_, asked_at)| *asked_at);
        if self.club.is_none() && asked_at.is_none_or(|at| now - at > JUST_ASKED) {
            self.attempts.forget(PartKey::Player);
        }
    }

    /// The ids of his teams of today, the likeliest first, and of his teams since yesterday.
    fn team_ids(&self, now: OffsetDateTime) -> Vec<u32> {
        if let Some(club) = self.club {
            return vec![club];
        }
        let Some((person, _)) = &self.whereabouts.person else { return Vec::new() };
        let today = self.today(now);
        let mut ids = person.teams_now(today);
        if !ids.is_empty() {
            ids.extend(person.current_team.as_ref().map(|team| team.id));
        }
        ids.extend(person.stints_since(yesterday(today)).map(|(team, ..)| team));
        let mut ids = each_once(ids);
        ids.truncate(TEAMS_CAP);
        ids
    }

    /// The ids of his teams, and of their parents, that are not known yet.
    fn teams_wanted(&self, now: OffsetDateTime) -> Vec<u32> {
        let teams = &self.whereabouts.teams;
        let ids = self.team_ids(now);
        let parents = ids.iter().filter_map(|id| teams.get(id)?.parent).collect::<Vec<_>>();
        ids.into_iter().chain(parents).filter(|id| !teams.contains_key(id)).collect()
    }

    /// The team whose games are watched.
    fn home_team(&self, now: OffsetDateTime) -> Option<&TeamProfile> {
        let teams = &self.whereabouts.teams;
        if let Some(club) = self.club {
            return teams.get(&club);
        }
        let (person, _) = self.whereabouts.person.as_ref()?;
        let now: Vec<&TeamProfile> =
            person.teams_now(self.today(now)).iter().filter_map(|id| teams.get(id)).collect();
        let major = now.iter().copied().find(|team| team.is_major);
        let parent = || now.iter().find_map(|team| teams.get(&team.parent?).filter(|parent| parent.is_major));
        // A winter club or a national team has no parent: its own games are watched.
        let orphan = || now.iter().copied().find(|team| team.parent.is_none());
        major.or_else(parent).or_else(orphan)
    }

    /// Updates player, club, zone and ballpark from the profile and the teams.
    fn settle(&mut self, now: OffsetDateTime) {
        let today = self.today(now);
        let team = self.home_team(now).cloned();
        let before = self.facts.player.clone();
        let mut player = Part { trouble: None, ..before.clone() };
        player.value.club = team.as_ref().map(|team| team.club.clone());
        if let Some((person, asked_at)) = &self.whereabouts.person {
            player.asked_at = Some(*asked_at);
            if self.club.is_none() {
                player.value.farm_club = team.as_ref().and_then(|team| self.farm_club(team, person, today));
                player.value.stints = self.stints(person, &before.value, team.as_ref(), today);
            }
        }
        if let Some(team) = &team {
            let zone = self.zone_of(team);
            self.facts.zone = Part::read(zone, now);
            self.facts.ballpark = Some(Ballpark { club: team.club.id, venue: team.venue });
        }
        let is_logged = std::mem::replace(&mut self.whereabouts.is_logged, true);
        if player.value != before.value || !is_logged {
            let name = |club: &Option<Club>| club.as_ref().map(|club| club.name.clone());
            tracing::info!(
                player = player.value.name,
                club = name(&player.value.club),
                farm_club = name(&player.value.farm_club),
                zone = self.facts.zone.value.name(),
                "watching"
            );
        }
        self.facts.player = player;
        self.change_club(before.value.club);
    }

    fn farm_club(&self, home: &TeamProfile, person: &PlayerProfile, today: Date) -> Option<Club> {
        let current = person.current_team.as_ref().map(|team| team.id);
        let ids = current.into_iter().chain(person.teams_now(today));
        let mut teams = ids.filter_map(|id| self.whereabouts.teams.get(&id));
        teams.find(|team| !team.is_major && team.parent == Some(home.club.id)).map(|team| team.club.clone())
    }

    /// The clubs of yesterday and today: those of his stints, and the one that was his until now.
    fn stints(
        &self,
        person: &PlayerProfile,
        before: &Player,
        home: Option<&TeamProfile>,
        today: Date,
    ) -> Vec<ClubStint> {
        let club_of = |id: u32| {
            let team = self.whereabouts.teams.get(&id)?;
            if team.is_major { Some(id) } else { team.parent }
        };
        let rows = person.stints_since(yesterday(today));
        let rows =
            rows.filter_map(|(team, from, until)| Some(ClubStint { club: club_of(team)?, from, until }));
        let mut stints: Vec<ClubStint> = rows.collect();
        let home = home.map(|team| team.club.id);
        // His club as of today, if its games of today were read.
        let read_on = self.facts.schedule.asked_at.map(|at| self.facts.zone.value.local(at).date());
        let left = before.club.as_ref().filter(|_| read_on == Some(today));
        let left = left.map(|club| ClubStint { club: club.id, from: None, until: Some(today) });
        let known = before.stints.iter().filter(|stint| stint.until >= Some(yesterday(today))).cloned();
        for stint in known.chain(left).filter(|stint| Some(stint.club) != home) {
            if !stints.iter().any(|other| other.club == stint.club) {
                stints.push(stint);
            }
        }
        stints
    }

    /// The time zone of a team's ballpark: MLB's current one, else the last known one of the ballpark or the club, else
    /// that of another of his teams, else Pacific.
    fn zone_of(&self, team: &TeamProfile) -> Zone {
        let named = match &team.zone {
            Ok(zone) => return zone.clone(),
            Err(named) => named,
        };
        let known = self.facts.ballpark.filter(|_| self.facts.zone.is_read());
        let same_venue = known.filter(|known| team.venue.is_some() && known.venue == team.venue);
        let same_club = known.filter(|known| known.club == team.club.id);
        let of_another = || self.whereabouts.teams.values().find_map(|team| team.zone.clone().ok());
        let (zone, source) = match (same_venue, same_club, of_another()) {
            (Some(_), ..) => (self.facts.zone.value.clone(), "the ballpark's last known one"),
            (None, Some(_), _) => (self.facts.zone.value.clone(), "the club's last known one"),
            (None, None, Some(zone)) => (zone, "that of another of the player's teams"),
            (None, None, None) => (Zone::fallback(), "Pacific"),
        };
        tracing::warn!(
            club = team.club.name,
            named,
            zone = zone.name(),
            "MLB gives no usable time zone for the club's ballpark: using {source}"
        );
        zone
    }

    /// Makes schedule, roster and calendar due if the club has changed or no schedule was read. The schedule of the
    /// club he left stays: it has the day's games.
    fn change_club(&mut self, before: Option<Club>) {
        let watched = self.watched();
        if before.as_ref().map(|club| club.id) == watched && self.facts.schedule.is_read() {
            return;
        }
        for question in [PartKey::Schedule, PartKey::Roster, PartKey::Calendar] {
            self.attempts.forget(question);
        }
        if before.is_some_and(|before| Some(before.id) != watched) {
            self.facts.calendar = Part::default();
            self.facts.availability = Part::default();
        }
    }
}

fn yesterday(today: Date) -> Date {
    today.previous_day().unwrap_or(today)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mlb::{model, poller::tests::poller};
    use time::macros::datetime;

    const NOW: OffsetDateTime = datetime!(2024-07-02 19:00 UTC);

    #[test]
    fn a_roster_that_does_not_list_him_makes_the_player_due_at_once() {
        for (minutes, is_due) in [(11, true), (9, false)] {
            let mut watch = poller(NOW);
            let json = br#"{"people": [{"id": 7, "fullName": "Sam Player", "currentTeam": {"id": 135}}]}"#;
            let asked_at = NOW - time::Duration::minutes(minutes);
            watch.whereabouts.person = Some((model::person(json, 7).unwrap(), asked_at));
            watch.attempts.succeeded(PartKey::Player, watch.clock.mark());
            watch.player_may_have_left(NOW);
            let left = watch.attempts.left(PartKey::Player, Duration::from_secs(3600), &watch.clock);
            assert_eq!(left.is_zero(), is_due, "asked {minutes} minutes ago");
        }
    }
}
