-- Ten queries over tables like those of VGG-Sound (clips, classes, guesses) and HDTF (videos, cuts, crops).

-- case: how often the model is right, for each category
with judged as (
    select clips.clip_id, classes.category, case when guesses.guess = clips.label then 1 else 0 end as hit
    from clips
    join classes on classes.label = clips.label
    left join guesses on guesses.clip_id = clips.clip_id
)
select category, count(*) as clips, sum(hit) as hits, avg(hit) as share from judged group by category
-- rows: clips rows, classes rows, classes.label join, clips.label join, guesses.clip_id join, clips.clip_id join, classes.category group
-- category: classes.category value
-- clips:
-- hits: guesses.guess value, clips.label value, guesses rows, guesses.clip_id join, clips.clip_id join
-- share: guesses.guess value, clips.label value, guesses rows, guesses.clip_id join, clips.clip_id join

-- case: the surest guess of each label
select clips.label, clips.clip_id, guesses.score
from clips join guesses using (clip_id)
where guesses.guess is not null
qualify row_number() over (partition by clips.label order by guesses.score desc, clips.clip_id) = 1
-- rows: clips rows, guesses rows, clips.clip_id join, guesses.clip_id join, guesses.guess filter, clips.label window, guesses.score window, clips.clip_id window
-- label: clips.label value
-- clip_id: clips.clip_id value
-- score: guesses.score value

-- case: labels that no clip has, and clips whose label is not listed
select label, 1 as side from classes where not exists (from clips where clips.label = classes.label)
union all
select label, 2 from clips where label not in (select label from classes)
-- rows: classes rows, clips rows, clips.label filter, classes.label filter
-- label: classes.label value, clips.label value
-- side:

-- case: how much a class has above the mean of its category
with sizes as (select label, count(*) as n from clips group by label)
select classes.label, coalesce(sizes.n, 0) - avg(coalesce(sizes.n, 0)) over (partition by classes.category) as above,
    classes.clip_count
from classes left join sizes on sizes.label = classes.label
-- rows: classes rows, clips.label join, classes.label join
-- label: classes.label value
-- above: clips rows, clips.label group, clips.label join, classes.label join, classes.category window
-- clip_count: classes.clip_count value

-- case: categories by the share of them among all
select category, total, total * 100 // (select sum(clip_count) from classes) as percent
from (select category, sum(clip_count) as total from classes group by category) as sums
where total > 1
order by total desc limit 3
-- rows: classes rows, classes.category group, classes.clip_count filter, classes.clip_count order
-- category: classes.category value
-- total: classes.clip_count value
-- percent: classes.clip_count value, classes rows

-- case: cuts with their crop, in the order of the video
select cuts.video_name, cuts.clip_index, cuts.end_s - cuts.start_s as seconds, crops.zoom,
    sum(cuts.end_s - cuts.start_s) over (partition by cuts.video_name order by cuts.start_s) as so_far
from cuts left join crops on crops.video_name = cuts.video_name and crops.clip_index = cuts.clip_index
-- rows: cuts rows, crops.video_name join, cuts.video_name join, crops.clip_index join, cuts.clip_index join
-- video_name: cuts.video_name value
-- clip_index: cuts.clip_index value
-- seconds: cuts.end_s value, cuts.start_s value
-- zoom: crops.zoom value, crops rows, crops.video_name join, cuts.video_name join, crops.clip_index join, cuts.clip_index join
-- so_far: cuts.end_s value, cuts.start_s value, cuts.video_name window, cuts.start_s window

-- case: the footage of each subset, of videos that are large enough
select videos.subset, count(distinct cuts.video_name) as videos, sum(cuts.end_s - cuts.start_s) as seconds,
    count(crops.width_px) filter (where crops.zoom > 1) as zoomed
from videos
join cuts on cuts.video_name = videos.video_name
left join crops on crops.video_name = cuts.video_name and crops.clip_index = cuts.clip_index
where videos.height_px >= 1
group by all
having sum(cuts.end_s - cuts.start_s) > 0
-- rows: videos rows, cuts rows, cuts.video_name join, videos.video_name join, crops.video_name join, crops.clip_index join, cuts.clip_index join, videos.height_px filter, videos.subset group, cuts.end_s filter, cuts.start_s filter
-- subset: videos.subset value
-- videos: cuts.video_name value
-- seconds: cuts.end_s value, cuts.start_s value
-- zoomed: crops.width_px value, crops.zoom filter, crops rows, crops.video_name join, crops.clip_index join, cuts.video_name join, cuts.clip_index join

-- case: gaps between neighbouring cuts
select video_name, clip_index, gap
from (
    select video_name, clip_index, start_s - lag(end_s) over neighbours as gap
    from cuts window neighbours as (partition by video_name order by start_s)
) as spaced
where gap > 0
-- rows: cuts rows, cuts.start_s filter, cuts.end_s filter, cuts.video_name window, cuts.start_s window
-- video_name: cuts.video_name value
-- clip_index: cuts.clip_index value
-- gap: cuts.start_s value, cuts.end_s value, cuts.video_name window, cuts.start_s window

-- case: videos with every cut cropped
select videos.video_name, videos.url from videos
where not exists (
    select 1 from cuts where cuts.video_name = videos.video_name and not exists (
        from crops where crops.video_name = cuts.video_name and crops.clip_index = cuts.clip_index
    )
)
intersect
select video_name, url from videos where height_px is not null
-- rows: videos rows, cuts rows, crops rows, cuts.video_name filter, videos.video_name filter, crops.video_name filter, crops.clip_index filter, cuts.clip_index filter, videos.height_px filter, videos.url filter
-- video_name: videos.video_name value
-- url: videos.url value

-- case: the seconds of each video, one by one
select cuts.video_name, cuts.clip_index, second.s as second, videos.height_px
from cuts
cross join unnest(range(cuts.end_s - cuts.start_s)) as second(s)
join videos using (video_name)
-- rows: cuts rows, videos rows, cuts.end_s join, cuts.start_s join, cuts.video_name join, videos.video_name join
-- video_name: cuts.video_name value
-- clip_index: cuts.clip_index value
-- second: cuts.end_s value, cuts.start_s value
-- height_px: videos.height_px value
